package lb

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
)

func TestCost(t *testing.T) {
	for _, c := range []struct {
		name             string
		latency          float64 // in milliseconds, as want, with the slack
		inflight         int32
		weight           int
		failing, strikes float64
		want             float64
	}{
		{"idle", 100, 0, 0, 0, 0, 100},
		{"busy", 100, 3, 1, 0, 0, 400},
		{"heavy", 100, 3, 4, 0, 0, 100},
		{"failing", 100, 0, 1, 0.5, 0, 400},
		{"dead", 100, 0, 1, 1, 0, 100 / (minSuccess * minSuccess)},
		{"nearly dead", 100, 0, 1, 0.99, 0, 100 / (minSuccess * minSuccess)},
		{"failed three times in a row", 100, 0, 1, 0.5, 3, 3200},
		{"nearly average", 8.3, 0, 1, 0, 0, 7},
		{"nearly average, from below", 5.9, 0, 1, 0, 0, 7},
		{"not average", 8.5, 0, 1, 0, 0, 8.5},
		{"faster than average", 5.8, 0, 1, 0, 0, 5.8},
		{"unknown is average", 0, 1, 1, 0, 0, 2 * 7},
		{"unknown and failing", 0, 0, 1, 0.5, 0, 4 * 7},
		{"negative weight is one", 100, 0, -5, 0, 0, 100},
	} {
		n := &node{load: new(load)}
		if c.latency > 0 {
			n.latency.store(c.latency*1e6 - slack)
		}
		n.inflight.Store(c.inflight)
		n.failing.store(c.failing)
		n.strikes.store(c.strikes)
		n.pool = new(Pool)
		n.pool.mean.store(7e6 - slack)
		n.weigh(c.weight)
		s := newSnapshot([]*member{{in: &sd.Instance{Weight: c.weight}, node: n}}, true, nil).all[0]
		if got := (&comparison{by: byCost}).cost(s.node, 0) / 1e6; got < c.want*(1-1e-6) || got > c.want*(1+1e-6) {
			t.Errorf("%s: cost %v, want %v", c.name, got, c.want)
		}
	}
}

// Of two, it is always the better one, not three times in four as with draws
// that may coincide; and of all, the best.
func TestTheBetterOneIsPicked(t *testing.T) {
	for _, n := range []int{2, 3, 16, 17, 100} {
		p := fixed(t, new(fleet), PoolConfig{}, letters(n)...)
		best := p.snap.Load().all[n/2].node
		for _, sl := range p.snap.Load().all {
			if sl.node != best {
				sl.node.inflight.Add(1)
			}
		}
		for choices, always := range map[int]bool{0: n <= 16, 2: n <= 4, 16: n <= 32, 17: true} {
			by := NewAdaptive(p, AdaptiveConfig{Choices: choices}).plan.Load().by
			found := 0
			for range 1000 {
				if by.choose(p.snap.Load().pickable, want{}).node == best {
					found++
				}
			}
			if always && found != 1000 {
				t.Errorf("%d choices of %d: picked the idle one %d times in 1000, want always", choices, n, found)
			}
			if !always && (found == 0 || found == 1000) {
				t.Errorf("%d choices of %d: picked the idle one %d times in 1000, want some", choices, n, found)
			}
		}
		for _, sl := range p.snap.Load().all {
			sl.node.inflight.Store(0)
		}
	}
}

func TestTiesAreBrokenFairly(t *testing.T) {
	for _, n := range []int{2, 5, 16, 17, 100} {
		p := fixed(t, new(fleet), PoolConfig{}, letters(n)...)
		bad := p.snap.Load().all[1].node
		bad.failing.store(0.5)
		bad.scores[byCost].store(bad.score(0)) // its successor must not gain
		counts := map[*node]int{}
		by := NewAdaptive(p, AdaptiveConfig{}).plan.Load().by
		for range 300 * n {
			counts[by.choose(p.snap.Load().pickable, want{}).node]++
		}
		var got []int
		for i, sl := range p.snap.Load().all {
			if i == 1 {
				if counts[sl.node] != 0 {
					t.Errorf("of %d, the failing one was picked %d times", n, counts[sl.node])
				}
				continue
			}
			got = append(got, counts[sl.node])
		}
		if len(got) > 1 {
			uniformly(t, "ties", got)
		}
	}
}

// With little in flight, equals get equal shares although their averages differ
// by luck, and one who joins is found at once.
func TestEqualsShare(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := new(town)
		f := &fleet{serve: map[string]endpoint.Endpoint{}}
		for _, addr := range letters(6) {
			s := &server{mean: 2 * time.Millisecond, steady: true}
			w.servers = append(w.servers, s)
			f.serve[addr] = s.serve
		}
		src := newSource(at(letters(5)...)...)
		w.clients = []endpoint.Endpoint{Endpoint(NewAdaptive(start(t, src, f, PoolConfig{}), AdaptiveConfig{}))}
		w.run(t, 20*time.Second, 500)
		old, joined := w.servers[:5], w.servers[5]
		for i, s := range old {
			if got := s.hits.Load(); got < 1000 || got > 3500 {
				t.Errorf("server %d got %d of 10000 calls, want about 2000", i, got)
			}
		}
		src.set(at(letters(6)...)...)
		synctest.Wait()
		w.run(t, 4*time.Second, 500)
		if got := joined.hits.Load(); got < 120 {
			t.Errorf("a new server got %d of 2000 calls in its first 4 s, want about 330", got)
		}
	})
}

// server is a fake instance on the clock of a bubble.
type server struct {
	steady bool          // the time varies by half of the mean, not exponentially
	mean   time.Duration // of the exponential service time
	fails  func() bool   // nil: never; it then answers within a millisecond
	hits   atomic.Int64
}

var errBroken = errors.New("broken")

func (s *server) serve(context.Context, any) (any, error) {
	s.hits.Add(1)
	if s.fails != nil && s.fails() {
		time.Sleep(time.Millisecond)
		return nil, errBroken
	}
	x := rand.ExpFloat64()
	if s.steady {
		x = 0.5 + rand.Float64()
	}
	time.Sleep(time.Duration(x * float64(s.mean)))
	return nil, nil
}

// town is servers and clients who know all of them.
type town struct {
	servers []*server
	clients []endpoint.Endpoint
}

func newTown(t *testing.T, servers, clients int) *town {
	t.Helper()
	w, f := new(town), &fleet{serve: map[string]endpoint.Endpoint{}}
	for _, addr := range letters(servers) {
		s := &server{mean: 10 * time.Millisecond}
		w.servers = append(w.servers, s)
		f.serve[addr] = s.serve
	}
	for range clients {
		p := start(t, newSource(at(letters(servers)...)...), f, PoolConfig{})
		w.clients = append(w.clients, Endpoint(NewAdaptive(p, AdaptiveConfig{})))
	}
	return w
}

// run lets the clients call at random times, perSecond in all, and returns the
// numbers of calls and of failures.
func (w *town) run(t *testing.T, d time.Duration, perSecond float64) (calls, failed int64) {
	t.Helper()
	var errs atomic.Int64
	for end := time.Now().Add(d); time.Now().Before(end); calls++ {
		time.Sleep(time.Duration(rand.ExpFloat64() / perSecond * float64(time.Second)))
		call := w.clients[rand.IntN(len(w.clients))]
		go func() {
			if _, err := call(t.Context(), nil); err != nil {
				errs.Add(1)
			}
		}()
	}
	time.Sleep(time.Second) // the last ones end
	synctest.Wait()
	return calls, errs.Load()
}

func always() bool { return true }
func half() bool   { return rand.IntN(2) == 0 }

// An instance that fails in a millisecond must not look fast, without any
// breaker: a black hole among twenty servers.
func TestProperty8BlackHole(t *testing.T) {
	for _, c := range []struct {
		name    string
		clients int
		fails   func() bool
		most    float64
	}{
		{"1 client", 1, always, 0.005},
		{"10 clients", 10, always, 0.005},
		{"half of the calls", 1, half, 0.01}, // 2.5 % by round robin; less with a breaker
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newTown(t, 20, c.clients)
				w.run(t, time.Second, 2000)
				w.servers[7].fails = c.fails
				w.run(t, time.Second, 2000) // they find out
				calls, failed := w.run(t, 5*time.Second, 2000)
				share := float64(failed) / float64(calls)
				t.Logf("%d of %d calls failed: %.2f %%", failed, calls, 100*share)
				if share > c.most {
					t.Errorf("%.2f %% of calls failed a second after the black hole opened, want at most %.1f", 100*share, 100*c.most)
				}
			})
		})
	}
}

// When everybody fails, nobody is avoided; when all are well again, so is the
// distribution.
func TestProperty8EverybodyFailsAndRecovers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTown(t, 10, 1)
		for _, s := range w.servers {
			s.fails = always
		}
		w.run(t, 10*time.Second, 1000)
		low, high := w.spread()
		if low < 800 || high > 1200 {
			t.Errorf("while all fail, they get %d to %d of 10000 calls, want about the same", low, high)
		}
		for _, s := range w.servers[1:] {
			s.fails = nil
		}
		w.run(t, 5*time.Second, 1000)
		w.servers[0].fails = nil
		w.run(t, 15*time.Second, 1000)
		w.spread()
		w.run(t, 10*time.Second, 1000)
		if got := w.servers[0].hits.Load(); got < 500 {
			t.Errorf("15 s after it recovered, the last one gets %d calls in 10 s, want about 1000, half at least", got)
		}
	})
}

// spread returns the fewest and the most calls a server got since the last time.
func (w *town) spread() (low, high int64) {
	var all []int64
	for _, s := range w.servers {
		all = append(all, s.hits.Swap(0))
	}
	return slices.Min(all), slices.Max(all)
}

// A server that is ten times slower gets less, but is not forgotten: it is back
// soon after it recovers.
func TestASlowServerIsRelieved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTown(t, 5, 1)
		w.servers[0].mean = 100 * time.Millisecond
		w.run(t, 5*time.Second, 1000)
		w.spread()
		w.run(t, 5*time.Second, 1000)
		if got := w.servers[0].hits.Load(); got > 500 {
			t.Errorf("the slow one got %d of 5000 calls, want at most half of its equal share", got)
		}
		w.servers[0].mean = 10 * time.Millisecond
		w.run(t, 30*time.Second, 1000)
		w.spread()
		w.run(t, 10*time.Second, 1000)
		if got := w.servers[0].hits.Load(); got < 1600 {
			t.Errorf("recovered, it gets %d of 10000 calls, want at least 80 %% of its share", got)
		}
	})
}

// A server that hangs, connections and all, loses its traffic long before the
// first call to it times out.
func TestAHangingServerIsLeftBeforeAnyTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTown(t, 5, 1)
		w.run(t, 5*time.Second, 1000)
		w.servers[0].mean = time.Hour
		w.spread()
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for range 2000 { // 2 s at 1000 calls a second
			calls.Go(func() { w.clients[0](ctx, nil) })
			time.Sleep(time.Millisecond)
		}
		hung := w.servers[0].hits.Load()
		t.Logf("%d of 2000 calls went to the server that hangs", hung)
		if hung > 40 {
			t.Errorf("%d of 2000 calls went to the server that hangs, want at most 40", hung)
		}
		cancel()
		calls.Wait()
	})
}

// Under load, calls in flight follow the weights.
func TestWeights(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &fleet{serve: map[string]endpoint.Endpoint{}}
		var servers []*server
		var set []sd.Instance
		for i, addr := range letters(3) {
			s := &server{mean: 20 * time.Millisecond}
			servers = append(servers, s)
			f.serve[addr] = s.serve
			set = append(set, sd.Instance{ID: addr, Addr: addr, Weight: []int{1, 2, 5}[i]})
		}
		p := start(t, newSource(set...), f, PoolConfig{})
		w := town{servers: servers, clients: []endpoint.Endpoint{Endpoint(NewAdaptive(p, AdaptiveConfig{}))}}
		w.run(t, 8*time.Second, 5000) // the fast answers come first; until the averages have settled
		w.spread()
		w.run(t, 5*time.Second, 5000) // some 100 in flight
		total := 0.0
		for _, s := range servers {
			total += float64(s.hits.Load())
		}
		for i, want := range []float64{0.125, 0.25, 0.625} {
			if got := float64(servers[i].hits.Load()) / total; got < want*0.6 || got > want*1.4 {
				t.Errorf("weight %d gets %.3f of the calls, want about %.3f", set[i].Weight, got, want)
			}
		}
	})
}
