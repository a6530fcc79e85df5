package peers

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// world is a simulation of which the test is the engine.
type world struct {
	at       time.Duration
	loads    []sim.Load
	messages int
	due      []timer
}

type timer struct {
	at time.Duration
	f  func()
}

const delay = 250 * time.Microsecond

func (w *world) env(servers int, weights ...int) sim.Env {
	w.loads = make([]sim.Load, servers)
	return sim.Env{
		Clients: 1, Servers: servers, Weights: weights, Seed: 1, Delay: delay,
		Rand:    rand.New(rand.NewPCG(1, 2)),
		Now:     func() time.Duration { return w.at },
		Report:  func(server int) sim.Load { return w.loads[server] },
		After:   func(d time.Duration, f func()) { w.due = append(w.due, timer{w.at + d, f}) },
		Message: func() { w.messages++ },
	}
}

// run lets d pass.
func (w *world) run(d time.Duration) {
	end := w.at + d
	for {
		next := -1
		for i, t := range w.due {
			if t.at <= end && (next < 0 || t.at < w.due[next].at) {
				next = i
			}
		}
		if next < 0 {
			w.at = end
			return
		}
		t := w.due[next]
		w.due = slices.Delete(w.due, next, next+1)
		w.at = t.at
		t.f()
	}
}

// now is the time as the balancers know it.
func (w *world) now() time.Duration { return w.at + epoch }

// ended is a call that took so long and ends now.
func (w *world) ended(server int, took time.Duration, failed bool) call {
	return call{server, w.now() - took, w.now(), failed}
}

// TestAllPickInRange holds whatever the calls meet, and for a single server.
func TestAllPickInRange(t *testing.T) {
	t.Parallel()
	for _, p := range All() {
		for _, servers := range []int{1, 2, 3, 20} {
			var w world
			env := w.env(servers, 3, 1, 2)
			if p.Name == "prequal/hcl" {
				continue // needs a server to ask: see TestPrequalPicksInRange
			}
			c := p.New(env)
			var open []func(bool)
			for i := range 2000 {
				w.run(time.Duration(env.Rand.IntN(20)) * time.Millisecond)
				server, done := c.Start()
				if server < 0 || server >= servers {
					t.Fatalf("%s: pick %d of %d servers is %d", p.Name, i, servers, server)
				}
				w.loads[server] = sim.Load{RIF: i % 7, QPS: 1 + float64(i%50), Utilisation: .5}
				open = append(open, done)
				if k := env.Rand.IntN(len(open)); i%8 != 0 {
					open[k](i%5 == 0)
					open = slices.Delete(open, k, k+1)
				}
			}
			c.Close()
		}
	}
}

// TestNamesAreUnique or a filter would mean two.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[p.Name] {
			t.Errorf("two policies are called %q", p.Name)
		}
		seen[p.Name] = true
	}
}

// picks counts n picks, none of which end.
func picks(b balancer, servers, n int) []int {
	counts := make([]int, servers)
	for range n {
		counts[b.pick(epoch)]++
	}
	return counts
}

func sequence(b balancer, n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = b.pick(epoch)
	}
	return s
}

// near says whether a count is within five standard deviations of a chance.
func near(t *testing.T, what string, got, of int, chance float64) {
	t.Helper()
	mean := float64(of) * chance
	if diff := float64(got) - mean; diff*diff > 25*mean*(1-chance) {
		t.Errorf("%s: %d of %d, want about %.0f", what, got, of, mean)
	}
}
