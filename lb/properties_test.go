package lb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/quick"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/retry"
)

// What a balancer has to hold, whatever else changes. Each test of one of these
// carries its number; those of schedules, weights, samples and hashes are beside
// their code.
//
//	 1  every window of weighted turns has its shares
//	 2  weights: none, one, huge, unequal, overflowing
//	 3  instances come and go while calls are under way
//	 4  averages stay finite and between their samples
//	 5  the clock may jump, and the machine may sleep
//	 6  duplicates, order and spelling make no difference
//	 7  hashes: who moves, how even, the same everywhere
//	 8  a black hole gets next to nothing, all of them get the same, and who recovers is back
//	 9  samples are distinct and uniform, and ties are broken by chance
//	10  clients that start together do not herd
//	11  which errors count
//	12  no pick allocates, and none takes long
//	13  a retry goes elsewhere, and costs no more than its budget

// allOn is a pool with everything that may keep callers away from an instance.
func allOn(g *switches) PoolConfig {
	return PoolConfig{
		Guard:      g.guard,
		Outliers:   &OutlierConfig{},
		SlowStart:  SlowStartConfig{Window: time.Minute},
		PanicBelow: 0.3,
	}
}

// everyKind is balancers, with those that go by weight or by key. A call without
// a key has a random one.
func everyKind(p *Pool) map[string]kitlb.Balancer {
	all := balancers(p)
	maps.Copy(all, map[string]kitlb.Balancer{
		"weighted round robin": NewWeightedRoundRobin(p),
		"weighted random":      NewWeightedRandom(p),
		"peak EWMA":            NewPeakEWMA(p, PeakEWMAConfig{}),
		"Maglev":               NewMaglev(p),
		"ring":                 NewRing(p, RingConfig{}),
		"rendezvous":           NewRendezvous(p),
	})
	return all
}

// 3: what is in flight returns to exactly zero, and a returning instance begins
// with nothing.
func TestProperty3ReturnWithNothingInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hang := make(chan struct{})
		src := newSource(at("a", "b")...)
		p := start(t, src, &fleet{serve: map[string]endpoint.Endpoint{
			"a": func(context.Context, any) (any, error) { <-hang; return nil, nil },
		}}, allOn(new(switches)))
		old := nodeOf(t, p, "a")
		for range 5 {
			go old.call(t.Context(), nil)
		}
		synctest.Wait()
		src.set(at("b")...)
		synctest.Wait()
		src.set(at("a", "b")...)
		synctest.Wait()
		if got := p.Nodes()[0].InFlight; got != 0 {
			t.Errorf("the instance that returned has %d calls in flight, of its predecessor", got)
		}
		if got := old.calling(); got != 5 {
			t.Errorf("its predecessor has %d, want 5", got)
		}
		close(hang)
		synctest.Wait()
		if got := old.inflight.Load(); got != closed {
			t.Errorf("the predecessor ends with %d, want closed with none", old.calling())
		}
	})
}

// 3: from one set to another that shares an instance, there is always one.
func TestProperty3SomebodyIsAlwaysThere(t *testing.T) {
	for name, cfg := range map[string]PoolConfig{"plain": {}, "all on": allOn(new(switches))} {
		src := newSource(at("stay", "a")...)
		p := NewPool(src, new(fleet).factory, cfg)
		for s := p.snap.Load(); len(s.pickable) < 2; s = p.snap.Load() {
			<-s.replaced
		}
		var done atomic.Bool
		var wg sync.WaitGroup
		for kind, b := range everyKind(p) {
			call := Endpoint(b)
			wg.Go(func() {
				for !done.Load() {
					if _, err := call(t.Context(), nil); err != nil {
						t.Errorf("%s, %s: %v", name, kind, err)
						return
					}
				}
			})
		}
		for i := range 60 {
			set := at("stay")
			if i%2 == 0 {
				set = append(set, at(letters(1+rand.IntN(20))...)...)
			}
			set[0].Weight = i
			src.set(set...)
			for s := p.snap.Load(); s.pickable[len(s.pickable)-1].in.Weight != i && i%2 == 1; s = p.snap.Load() {
				<-s.replaced
			}
		}
		done.Store(true)
		wg.Wait()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// 4: whatever durations and gaps, the averages are finite and within what they
// saw; failures stay a share.
func TestProperty4AnySequence(t *testing.T) {
	err := quick.Check(func(samples []int64, gaps []int64, mean uint32) bool {
		var h health
		low, high := math.Inf(1), 1.0
		see := func(x float64) { low, high = min(low, x), max(high, x) }
		now := int64(0)
		for i, d := range samples {
			gap := gaps[i%max(len(gaps), 1):]
			if len(gap) > 0 {
				now += gap[0] // may wrap, as no clock does
			}
			see(math.Max(float64(d), 1))
			if mean > 0 {
				see(math.Max(float64(mean), 1))
			}
			h.took(time.Duration(d), now, float64(mean))
			h.answered(d%2 == 0)
			h.relax(d, d%3 == 0, float64(mean))
			h.listen(now, d%5 == 0)
			l, f := h.latency.load(), h.failing.load()
			if !(l >= low*(1-1e-9) && l <= high*(1+1e-9)) || !(f >= 0 && f <= 1) || !(h.silence.load() >= 0) {
				return false
			}
		}
		return true
	}, &quick.Config{MaxCount: 2000})
	if err != nil {
		t.Error(err)
	}
}

// 4: whatever was seen, a node's cost is finite and above zero, or comparing
// would go wrong.
func TestProperty4CostsCompare(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b")
	n := nodeOf(t, p, "a")
	b := NewAdaptive(p, AdaptiveConfig{})
	for _, d := range []time.Duration{0, 1, time.Second, math.MaxInt64, -1, math.MinInt64} {
		for _, failing := range []float64{0, 1e-300, 0.5, 1} {
			n.latency.store(0)
			n.took(d, p.now(), 0)
			n.failing.store(failing)
			for _, mean := range []float64{0, 1, 1e18} {
				if cost := n.score(mean); !(cost > 0) || math.IsInf(cost, 0) {
					t.Errorf("latency %v, failing %v, mean %v: cost %v", d, failing, mean, cost)
				}
			}
			if _, err := b.Endpoint(); err != nil {
				t.Error(err)
			}
		}
	}
}

// 5: only the monotonic clock counts, so that nobody who sets the clock moves a
// call's latency.
func TestProperty5WallClocksDoNotMatter(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a")
	if !strings.Contains(p.started.String(), " m=") {
		t.Errorf("the base of the pool's clock, %v, has no monotonic reading", p.started)
	}
}

// 5: a simulation's clock that stands still, leaps or steps back breaks nothing.
func TestProperty5AnyClock(t *testing.T) {
	var now atomic.Int64
	cfg := allOn(new(switches))
	cfg.Virtual = &Virtual{Now: func() time.Duration { return time.Duration(now.Load()) }, Rand: rand.Uint64}
	p := fixed(t, new(fleet), cfg, letters(3)...)
	steps := []int64{0, 0, 1, -1, int64(time.Second), -int64(time.Hour), int64(10 * 365 * 24 * time.Hour), 0, int64(time.Millisecond)}
	for name, b := range everyKind(p) {
		for range 20 {
			for _, step := range steps {
				now.Add(step)
				if _, err := Endpoint(b)(t.Context(), nil); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	}
	for _, s := range p.Nodes() {
		if s.InFlight != 0 || s.Latency < 0 || s.Success != 1 || s.Ejected != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// 5: a laptop that was closed over night finds instances neither fast nor slow,
// but average.
func TestProperty5AfterSuspension(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 4, PoolConfig{})
		c.servers[1].mean = 100 * time.Millisecond
		c.run(t, 5*time.Second, 100)
		time.Sleep(8 * time.Hour)
		c.pool.relax(c.pool.now()) // as the next call will
		mean := c.pool.mean.load()
		for _, s := range c.pool.Nodes() {
			if l := float64(s.Latency); l < mean*0.9 || l > mean*1.1 {
				t.Errorf("after 8 h, %s has latency %v, and the mean is %v", s.ID, s.Latency, time.Duration(mean))
			}
		}
	})
}

// 6: the order in which a source lists instances makes no difference, nor do
// repetitions: same snapshot, same nodes.
func TestProperty6OrderAndRepetitions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set := at(letters(8)...)
		f, src := new(fleet), newSource(set...)
		p := start(t, src, f, PoolConfig{})
		nodes := func() (all []*node) {
			for _, sl := range p.snap.Load().pickable {
				all = append(all, sl.node)
			}
			return all
		}
		first := nodes()
		for range 50 {
			mixed := append(slices.Clone(set), set[rand.IntN(8)], set[rand.IntN(8)])
			rand.Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
			src.set(mixed...)
			synctest.Wait()
			if !slices.Equal(nodes(), first) {
				t.Fatalf("the set in another order made other nodes: %v", mixed)
			}
		}
		for _, addr := range letters(8) {
			wantCount(t, f, addr, 1, 0)
		}
	})
}

// 8: with ejection, a black hole costs little over balancers that see no
// failures themselves; 5 % go there by round robin without it.
func TestProperty8BlackHoleEjected(t *testing.T) {
	for _, c := range []struct {
		name  string
		by    func(Set) kitlb.Balancer
		fails func() bool
	}{
		{"round robin", func(s Set) kitlb.Balancer { return NewRoundRobin(s) }, always},
		{"random", func(s Set) kitlb.Balancer { return NewRandom(s) }, always},
		{"least request", func(s Set) kitlb.Balancer { return NewLeastRequest(s, LeastRequestConfig{}) }, always},
		{"peak EWMA", func(s Set) kitlb.Balancer { return NewPeakEWMA(s, PeakEWMAConfig{}) }, always},
		{"adaptive", func(s Set) kitlb.Balancer { return NewAdaptive(s, AdaptiveConfig{}) }, always},
	} {
		for _, clients := range []int{1, 10} {
			t.Run(fmt.Sprintf("%s/%d clients", c.name, clients), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					w := town20(t, clients, c.by, outliersOn())
					w.run(t, time.Second, 2000)
					w.servers[7].fails = c.fails
					w.run(t, time.Second, 2000)
					calls, failed := w.run(t, 5*time.Second, 2000)
					share := 100 * float64(failed) / float64(calls)
					t.Logf("%d of %d calls failed: %.2f %%", failed, calls, share)
					if share > 0.5 {
						t.Errorf("%.2f %% of calls failed a second after the black hole opened, want at most 0.5", share)
					}
				})
			})
		}
	}
}

// town20 is twenty servers and clients with a pool each.
func town20(t *testing.T, clients int, by func(Set) kitlb.Balancer, cfg PoolConfig) *town {
	t.Helper()
	w, f := new(town), &fleet{serve: map[string]endpoint.Endpoint{}}
	for _, addr := range letters(20) {
		s := &server{mean: 10 * time.Millisecond}
		w.servers = append(w.servers, s)
		f.serve[addr] = s.serve
	}
	for range clients {
		w.clients = append(w.clients, Endpoint(by(start(t, newSource(at(letters(20)...)...), f, cfg))))
	}
	return w
}

// 8: a recovered instance has its share again within 15 s.
func TestProperty8RecoveryAfterEjection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := town20(t, 5, func(s Set) kitlb.Balancer { return NewRoundRobin(s) }, outliersOn())
		w.servers[7].fails = always
		w.run(t, 3*time.Second, 2000)
		w.servers[7].fails = nil
		w.run(t, 14*time.Second, 200)
		w.spread()
		w.run(t, 5*time.Second, 2000)
		if got := w.servers[7].hits.Load(); got < 400 {
			t.Errorf("15 s after it recovered it gets %d of 10000 calls, want 80 %% of its 500 at least", got)
		}
	})
}

// 8: an instance that is down is not probed by all clients time and again: each
// tries it twice per ejection, and those become longer.
func TestProperty8NoProbeStorm(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const clients = 50
		w := town20(t, clients, func(s Set) kitlb.Balancer { return NewRoundRobin(s) }, outliersOn())
		w.servers[7].fails = always
		w.run(t, 10*time.Second, 1500)
		w.servers[7].hits.Store(0)
		w.run(t, time.Minute, 500)
		got := w.servers[7].hits.Load()
		t.Logf("in a minute, %d clients tried it %d times", clients, got)
		if got > clients*4*4 { // back at 10, 30 and 60 s; twice, and what comes before the next judgement
			t.Errorf("in a minute, %d clients tried an instance that is down %d times", clients, got)
		}
	})
}

// 10: hundreds of clients that start together with one list spread their first
// calls.
func TestProperty10NoHerd(t *testing.T) {
	for name := range balancers(fixed(t, new(fleet), PoolConfig{}, "a")) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var hits [10]atomic.Int64
				f := &fleet{serve: map[string]endpoint.Endpoint{}}
				for i, addr := range letters(10) {
					f.serve[addr] = func(context.Context, any) (any, error) {
						hits[i].Add(1)
						time.Sleep(10 * time.Millisecond)
						return nil, nil
					}
				}
				var wg sync.WaitGroup
				src := newSource(at(letters(10)...)...)
				for range 250 {
					p := NewPool(src, f.factory, PoolConfig{})
					if err := p.WaitReady(t.Context()); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					call := Endpoint(balancers(p)[name])
					wg.Go(func() {
						for range 40 {
							call(t.Context(), nil)
						}
						p.Close()
					})
				}
				wg.Wait()
				most, all := int64(0), int64(0)
				for i := range hits {
					most, all = max(most, hits[i].Load()), all+hits[i].Load()
				}
				if ratio := float64(most) * 10 / float64(all); ratio > 1.15 {
					t.Errorf("the first forty calls of 250 clients: the busiest has %.2f times its share", ratio)
				}
			})
		})
	}
}

// 10: who has not answered yet does not look idle, or infinitely slow.
func TestProperty10UnknownIsAverage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 5, PoolConfig{})
		c.src.set(at(letters(4)...)...)
		synctest.Wait()
		c.clients = []endpoint.Endpoint{Endpoint(NewAdaptive(c.pool, AdaptiveConfig{}))}
		c.run(t, 3*time.Second, 300)
		c.src.set(at(letters(5)...)...)
		synctest.Wait()
		c.spread()
		c.run(t, 2*time.Second, 300)
		if got := c.servers[4].hits.Load(); got < 40 || got > 240 {
			t.Errorf("in its first 2 s a new instance gets %d of 600 calls, want about 120", got)
		}
	})
}

type status int

func (s status) Error() string   { return fmt.Sprint("status ", int(s)) }
func (s status) StatusCode() int { return int(s) }

type failer struct{}

func (failer) Failed() error { return errBroken }

// 11: what counts against an instance, and what does not, however it is wrapped.
func TestProperty11WhatCountsAgainstAnInstance(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name     string
		response any
		err      error
		failures uint64
	}{
		{"success", 1, nil, 0},
		{"a business error in the response", failer{}, nil, 0},
		{"deadline", nil, context.DeadlineExceeded, 1},
		{"wrapped deadline", nil, fmt.Errorf("call: %w", context.DeadlineExceeded), 1},
		{"refused", nil, refused, 1},
		{"wrapped refused", nil, fmt.Errorf("call: %w", refused), 1},
		{"status 503", nil, status(503), 1},
		{"wrapped status 503", nil, fmt.Errorf("call: %w", status(503)), 1},
		{"status 429, which is about the caller", nil, status(429), 0},
		{"status 404", nil, status(404), 0},
		{"EOF", nil, io.EOF, 1},
		{"anything", nil, errors.New("anything"), 1},
		{"two errors", nil, errors.Join(errors.New("one"), status(500)), 1},
	} {
		p := fixed(t, &fleet{serve: map[string]endpoint.Endpoint{
			"a": func(context.Context, any) (any, error) { return c.response, c.err },
		}}, outliersOn(), "a")
		nodeOf(t, p, "a").call(t.Context(), nil)
		if got := p.Nodes()[0].Failures; got != c.failures {
			t.Errorf("%s: %d failures, want %d", c.name, got, c.failures)
		}
		if got := nodeOf(t, p, "a").trial.row.Load(); uint64(got) != c.failures {
			t.Errorf("%s: a row of %d, want %d", c.name, got, c.failures)
		}
	}
}

// 11: a caller that cancels poisons no instance, nor one whose own deadline was
// too short for anybody.
func TestProperty11TheCallersCancelIsNeutral(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(at("a")...), &fleet{serve: map[string]endpoint.Endpoint{
			"a": func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
		}}, outliersOn())
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			nodeOf(t, p, "a").call(ctx, nil)
		}
		if s := p.Nodes()[0]; s.Failures != 0 || s.Success != 1 || s.Latency != 0 || s.InFlight != 0 {
			t.Errorf("after 20 cancelled calls: %+v", s)
		}
	})
}

// 12: no pick waits for a change of the set, which holds the pool's lock.
func TestProperty12PicksDoNotLock(t *testing.T) {
	for name, cfg := range map[string]PoolConfig{"plain": {}, "all on": allOn(new(switches))} {
		p := fixed(t, new(fleet), cfg, letters(20)...)
		all := everyKind(p)
		p.mu.Lock()
		for kind, b := range all {
			for range 100 {
				if _, err := b.Endpoint(); err != nil {
					t.Errorf("%s, %s: %v", name, kind, err)
				}
				if _, err := Endpoint(b)(t.Context(), nil); err != nil {
					t.Errorf("%s, %s: %v", name, kind, err)
				}
			}
		}
		p.mu.Unlock()
	}
}

// 12: nor for another call that judges outliers.
func TestProperty12CallsDoNotWaitForAJudgement(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(at(letters(3)...)...), new(fleet), outliersOn())
		p.outliers.mu.Lock()
		call := Endpoint(NewRoundRobin(p))
		for range 10 {
			time.Sleep(time.Second)
			if _, err := call(t.Context(), nil); err != nil {
				t.Error(err)
			}
		}
		p.outliers.mu.Unlock()
	})
}

// 12: picks allocate nothing with everything on, either.
func TestProperty12NoAllocationsWithAllOn(t *testing.T) {
	for _, n := range []int{1, 5, 64, 1000} {
		p := fixed(t, new(fleet), allOn(new(switches)), letters(n)...)
		for i, sl := range p.snap.Load().all {
			if i%3 == 1 {
				sl.node.warmUp(p.now())
			}
			if i%5 == 2 {
				sl.node.eject(failsOften, p.now(), &p.outliers.cfg, p)
			}
		}
		tried := attempt.Start(t.Context(), 0)
		attempt.From(tried).Add(letters(n)[0])
		for name, b := range everyKind(p) {
			pick := b.(picker).Pick
			for _, ctx := range []context.Context{t.Context(), tried} {
				if got := testing.AllocsPerRun(100, func() { pick(ctx) }); got != 0 {
					t.Errorf("%s of %d: a pick allocates %v times", name, n, got)
				}
			}
		}
	}
}

// 13: with a retry around, each attempt goes to another instance while there is
// one, with everything on, and no more attempts are made than are allowed.
func TestProperty13RetriesGoElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, seen := &fleet{serve: map[string]endpoint.Endpoint{}}, []string{}
		for _, addr := range letters(4) {
			f.serve[addr] = func(context.Context, any) (any, error) { seen = append(seen, addr); return nil, errBroken }
		}
		src := newSource(at(letters(2)...)...)
		p := start(t, src, f, allOn(new(switches)))
		src.set(at(letters(4)...)...) // two are cold
		synctest.Wait()
		for name, b := range everyKind(p) {
			for range 50 {
				seen = seen[:0]
				_, err := retry.New(retry.Config{Attempts: 4, Idempotent: true})(Endpoint(b))(t.Context(), nil)
				if err == nil || len(seen) > 4 {
					t.Fatalf("%s: %d attempts, error %v", name, len(seen), err)
				}
				slices.Sort(seen)
				if twice := len(slices.Compact(slices.Clone(seen))); twice != len(seen) {
					t.Fatalf("%s: the attempts of one call went to %v", name, seen)
				}
			}
		}
	})
}

// 13: an instance that was ejected between two attempts is not tried by the
// second.
func TestProperty13EjectedBetweenAttempts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &fleet{serve: map[string]endpoint.Endpoint{}}
		p := start(t, newSource(at("a", "b", "c")...), f, PoolConfig{Outliers: &OutlierConfig{BaseTime: time.Hour}})
		nodeOf(t, p, "b").eject(isSlow, p.now(), &p.outliers.cfg, p)
		for name, b := range everyKind(p) {
			for range 50 {
				ctx := attempt.Start(t.Context(), 0)
				attempt.From(ctx).Add("a")
				if who, err := Endpoint(b)(ctx, nil); who != "c" || err != nil {
					t.Fatalf("%s: the second attempt went to %v (%v)", name, who, err)
				}
			}
		}
	})
}

// An IPv6 address is the same however it is written, so it is one instance.
func TestProperty6SpellingsOfOneAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("[2001:DB8::1]:80")...)
		f := new(fleet)
		p := start(t, src, f, PoolConfig{})
		wantOffered(t, p, "[2001:DB8::1]:80")
		src.set(at("[2001:0db8:0::1]:80", "[2001:DB8::1]:80", "[2001:db8::1]:80", "[2001:db8::2]:80")...)
		synctest.Wait()
		if got := offered(t, p); len(got) != 2 {
			t.Errorf("three spellings of one address and another one are offered as %v, want two instances", got)
		}
	})
}
