package lb

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"
)

// crew is a pool of servers behind a round robin, which avoids nobody by itself.
type crew struct {
	town
	pool *Pool
	src  *source
	f    *fleet
}

func newCrew(t *testing.T, n int, cfg PoolConfig) *crew {
	t.Helper()
	c := &crew{f: &fleet{serve: map[string]endpoint.Endpoint{}}}
	for _, addr := range letters(n) {
		s := &server{mean: 10 * time.Millisecond, steady: true}
		c.servers = append(c.servers, s)
		c.f.serve[addr] = s.serve
	}
	c.src = newSource(at(letters(n)...)...)
	c.pool = start(t, c.src, c.f, cfg)
	c.clients = []endpoint.Endpoint{Endpoint(NewRoundRobin(c.pool))}
	return c
}

// ejected returns who is.
func (c *crew) ejected() []string {
	var all []string
	for _, s := range c.pool.Nodes() {
		if s.Ejected > 0 {
			all = append(all, s.ID)
		}
	}
	return all
}

func (c *crew) wantEjected(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := c.ejected(); !slices.Equal(got, want) {
		t.Errorf("%s: ejected are %v, want %v", when, got, want)
	}
}

// often fails that share of its calls.
func often(share float64) func() bool { return func() bool { return rand.Float64() < share } }

func outliersOn() PoolConfig { return PoolConfig{Outliers: &OutlierConfig{}} }

func TestOutlierConfigDefaults(t *testing.T) {
	good := OutlierConfig{
		Consecutive: 5, Margin: 0.1, LatencyFactor: 3, Window: 10 * time.Second,
		BaseTime: 10 * time.Second, MaxTime: 5 * time.Minute, MaxEjected: 0.5,
	}
	nan := math.NaN()
	for _, c := range []OutlierConfig{
		{},
		{Margin: nan, LatencyFactor: nan, MaxEjected: nan, Window: -1, BaseTime: -1},
		{MaxEjected: 1.5},
		{MaxEjected: -1},
	} {
		if got := c.withDefaults(); got != good {
			t.Errorf("%+v becomes %+v, want %+v", c, got, good)
		}
	}
	if got := (OutlierConfig{BaseTime: time.Hour, MaxTime: time.Minute}).withDefaults(); got.MaxTime != time.Hour {
		t.Errorf("MaxTime below BaseTime becomes %v", got.MaxTime)
	}
	off := OutlierConfig{Consecutive: -1, Margin: -1, LatencyFactor: -1}
	if got := off.withDefaults(); got.Consecutive != -1 || got.Margin != -1 || got.LatencyFactor != -1 {
		t.Errorf("switched off, and on again: %+v", got)
	}
}

// Two lines of its own, so that calls to two instances do not meet there.
func TestTrialLayout(t *testing.T) {
	if size := unsafe.Sizeof(trial{}); size != 128 {
		t.Errorf("a trial has %d bytes, want 128", size)
	}
}

// One that is down is ejected after a row of failures, comes back, and for as
// long as it is down goes again at once, each time for longer.
func TestARowOfFailuresEjects(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 5, outliersOn())
		c.run(t, 5*time.Second, 200)
		c.wantEjected(t, "all well")
		bad := c.servers[1]
		bad.fails = always
		bad.hits.Store(0)
		c.run(t, 4*time.Second, 200)
		c.wantEjected(t, "one down", "a001")
		if got := bad.hits.Load(); got < 5 || got > 15 {
			t.Errorf("it took %d failures, want five, and those of the next 100 ms", got)
		}
		if s := c.pool.Nodes()[1]; s.EjectedFor != "failures in a row" || s.Ejected > 10*time.Second {
			t.Errorf("it is ejected for %v because of %q", s.Ejected, s.EjectedFor)
		}
		bad.hits.Store(0)
		c.run(t, 75*time.Second, 200) // 8 to 10 s, 16 to 20 s, 24 to 30 s, 32 to 40 s
		if got := bad.hits.Load(); got < 4 || got > 40 {
			t.Errorf("four times on probation, it was called %d times, want twice each, and those of the next 100 ms", got)
		}
		bad.fails = nil
		c.run(t, 60*time.Second, 200)
		c.wantEjected(t, "all well again")
		c.spread()
		c.run(t, 10*time.Second, 200)
		if low, high := c.spread(); low < 300 || high > 500 {
			t.Errorf("all well again, servers get %d to %d of 2000 calls, want about 400", low, high)
		}
	})
}

// After it has been well for as long as it was away, the next time is a first
// time.
func TestGoodBehaviourIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, outliersOn())
		bad := nodeOf(t, c.pool, "a001")
		for round := range 3 {
			c.servers[1].fails = always
			c.run(t, 3*time.Second, 100)
			c.servers[1].fails = nil
			c.wantEjected(t, fmt.Sprint("round ", round), "a001")
			if bad.trial.times != 1 {
				t.Errorf("round %d is ejection number %d in a row, want the first", round, bad.trial.times)
			}
			c.run(t, 30*time.Second, 100)
			c.wantEjected(t, fmt.Sprint("after round ", round))
		}
	})
}

// Who fails half of its calls is found out by comparison. gRPC wants a hundred
// calls in ten seconds from each of five instances for that.
func TestGrpcOutlierNeedsVolume(t *testing.T) {
	for _, n := range []int{2, 5, 20} {
		bubble(t, func(t *testing.T) {
			c := newCrew(t, n, PoolConfig{Outliers: &OutlierConfig{Consecutive: -1, Window: time.Minute}})
			c.run(t, time.Minute, float64(n)) // a call a second
			c.servers[1].fails = often(0.7)
			c.run(t, time.Minute, float64(n))
			if why := nodeOf(t, c.pool, "a001").trial.why(); why != failsOften {
				t.Errorf("one of %d fails seven of ten calls, a call a second, and was not ejected for that within a minute, but for %q", n, why)
			}
		})
	}
}

// An instance that is slow, and fails nothing.
func TestASlowOutlier(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 4, outliersOn())
		c.run(t, 5*time.Second, 100)
		slow := c.servers[1]
		slow.mean = 100 * time.Millisecond
		c.run(t, 11*time.Second, 100) // its good times must be forgotten
		c.wantEjected(t, "ten times slower", "a001")
		if why := c.pool.Nodes()[1].EjectedFor; why != "slower than the others" {
			t.Errorf("ejected because of %q", why)
		}
		slow.hits.Store(0)
		c.run(t, 14*time.Second, 100) // it is back once, or twice, and still slow
		if got := slow.hits.Load(); got < 2 || got > 24 {
			t.Errorf("on probation it was called %d times, want as long as two calls take", got)
		}
		slow.mean = 10 * time.Millisecond
		c.run(t, time.Minute, 100)
		c.wantEjected(t, "as fast as the others")
	})
}

// A few milliseconds of distance make no outlier, nor does a factor of two.
func TestDistanceIsNoOutlier(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 4, outliersOn())
		for _, s := range c.servers {
			s.mean = 500 * time.Microsecond
		}
		c.servers[1].mean = 4 * time.Millisecond
		c.servers[2].mean = 1 * time.Millisecond
		c.run(t, 20*time.Second, 200)
		c.wantEjected(t, "another zone")
	})
}

// Equals that fail and dawdle by chance are no outliers.
func TestChanceIsNoOutlier(t *testing.T) {
	for _, share := range []float64{0, 0.02, 0.2, 0.6} {
		bubble(t, func(t *testing.T) {
			c := newCrew(t, 10, outliersOn())
			for _, s := range c.servers {
				s.steady = false
				s.fails = often(share)
			}
			c.run(t, 2*time.Minute, 300)
			for _, sl := range c.pool.snap.Load().all {
				if sl.node.trial.times != 0 || sl.node.trial.why() != innocent {
					t.Errorf("all fail %.0f %%, and %s was ejected: %v", 100*share, sl.node.id, sl.node.trial.why())
				}
			}
		})
	}
}

// When everybody is down, nobody is an outlier, and those who were return.
func TestEverybodyDownIsNobodyEjected(t *testing.T) {
	for _, rate := range []float64{20, 400} {
		bubble(t, func(t *testing.T) {
			c := newCrew(t, 8, outliersOn())
			c.run(t, 5*time.Second, rate)
			c.servers[3].fails = always
			c.run(t, 5*time.Second, rate)
			c.wantEjected(t, "one down", "a003")
			for _, s := range c.servers {
				s.fails = always
			}
			c.run(t, 20*time.Second, rate)
			c.wantEjected(t, "all down")
			c.spread()
			c.run(t, 20*time.Second, rate)
			c.wantEjected(t, "all down for long")
			if low, high := c.spread(); float64(low) < 0.7*20*rate/8 || float64(high) > 1.3*20*rate/8 {
				t.Errorf("all down, servers get %d to %d calls, want about %v", low, high, 20*rate/8)
			}
			for _, s := range c.servers {
				s.fails = nil
			}
			c.run(t, 15*time.Second, rate)
			c.wantEjected(t, "all back")
		})
	}
}

// However many are bad, so many stay.
func TestMaxEjected(t *testing.T) {
	for _, x := range []struct {
		n, bad, most int
		share        float64
	}{{2, 1, 1, 0}, {2, 1, 1, 0.1}, {10, 7, 5, 0}, {10, 7, 2, 0.2}, {10, 7, 1, 0.01}, {4, 3, 3, 1}, {1, 1, 0, 1}} {
		bubble(t, func(t *testing.T) {
			c := newCrew(t, x.n, PoolConfig{Outliers: &OutlierConfig{MaxEjected: x.share}})
			for _, s := range c.servers[:x.bad] {
				s.fails = always
			}
			c.run(t, 4*time.Second, 1000)
			if got := len(c.ejected()); got != x.most {
				t.Errorf("%d of %d are down, and %d are ejected, want %d with at most %v of the weight", x.bad, x.n, got, x.most, x.share)
			}
		})
	}
}

// The share is one of the weight.
func TestMaxEjectedCountsWeight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 4, outliersOn())
		set := at(letters(4)...)
		set[0].Weight, set[1].Weight = 10, 10 // of 22
		c.src.set(set...)
		synctest.Wait()
		c.servers[0].fails, c.servers[1].fails = always, always
		c.run(t, 4*time.Second, 1000)
		if got := len(c.ejected()); got != 1 {
			t.Errorf("%d of the two heavy ones are ejected, want one", got)
		}
	})
}

// When those who are well leave, those who were ejected have to do.
func TestTheEjectedReturnWhenOthersLeave(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 6, outliersOn())
		for _, s := range c.servers[:3] {
			s.fails = always
		}
		c.run(t, 3*time.Second, 1000)
		c.wantEjected(t, "half down", "a000", "a001", "a002")
		for _, s := range c.servers {
			s.fails = nil
		}
		c.src.set(at(letters(4)...)...)
		c.run(t, time.Second, 200)
		if got := len(c.ejected()); got != 2 {
			t.Errorf("%d of 4 are ejected, want 2", got)
		}
		c.src.set(at("a000", "a001")...)
		c.run(t, time.Second, 200)
		if got := len(c.ejected()); got > 1 {
			t.Errorf("%d of 2 are ejected", got)
		}
		c.src.set(at("a000")...)
		c.run(t, time.Second, 200)
		c.wantEjected(t, "one is left")
	})
}

// Envoy's workers go on picking a host for a second after it was ejected
// (envoy#28304). Here it is the next pick that knows.
func TestEnvoyEjectedHostsStillPicked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 6, PoolConfig{Outliers: &OutlierConfig{BaseTime: time.Hour}})
		for _, id := range []string{"a001", "a004"} {
			n := nodeOf(t, c.pool, id)
			n.eject(failsOften, c.pool.now(), &c.pool.outliers.cfg, c.pool)
		}
		for name, b := range everyKind(c.pool) {
			for range 200 {
				e, err := b.Endpoint()
				if err != nil {
					t.Fatal(err)
				}
				e(t.Context(), nil)
			}
			if got := c.servers[1].hits.Load() + c.servers[4].hits.Load(); got != 0 {
				t.Errorf("%s: %d of 200 picks were of ejected instances", name, got)
			}
			c.spread()
		}
		call := Endpoint(kitlb.NewRoundRobin(c.pool))
		for range 200 {
			call(t.Context(), nil)
		}
		if got := c.servers[1].hits.Load() + c.servers[4].hits.Load(); got != 0 {
			t.Errorf("go-kit's round robin: %d of 200 calls went to ejected instances", got)
		}
	})
}

// A pool that nobody calls does nothing, and its first call lets everybody back
// whose time is over.
func TestEjectionEndsWithoutATimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, outliersOn())
		c.servers[1].fails = always
		c.run(t, 2*time.Second, 200)
		c.wantEjected(t, "one down", "a001")
		time.Sleep(time.Hour)
		c.wantEjected(t, "overdue", "a001")
		c.run(t, time.Second, 10)
		c.servers[1].fails = nil
		c.servers[1].hits.Store(0)
		c.run(t, 3*time.Second, 100)
		if c.servers[1].hits.Load() == 0 && len(c.ejected()) == 0 {
			t.Error("it is back, but is not called")
		}
	})
}

// Each client returns at another time.
func TestEjectionsHaveJitter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 2, PoolConfig{Outliers: &OutlierConfig{BaseTime: time.Minute, MaxTime: 2 * time.Minute}})
		n, seen := nodeOf(t, c.pool, "a000"), map[int64]bool{}
		for i := range 100 {
			n.eject(isSlow, c.pool.now(), &c.pool.outliers.cfg, c.pool)
			full := min(time.Duration(i+1), 2) * time.Minute
			if got := time.Duration(n.trial.span); got < full*4/5 || got > full {
				t.Errorf("ejection %d takes %v, want four fifths of %v at least", i+1, got, full)
			}
			seen[n.trial.span] = true
			n.readmit(c.pool.now())
		}
		if len(seen) < 90 {
			t.Errorf("100 ejections have %d lengths", len(seen))
		}
	})
}

// What the caller did, and what it cannot know, is no reason.
func TestCancelledCallsEjectNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, outliersOn())
		c.servers[1].mean = time.Hour
		for range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, cancel)
			c.clients[0](ctx, nil)
		}
		c.wantEjected(t, "cancelled")
	})
}

// An instance that moves is another one, and innocent.
func TestANewAddressIsInnocent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, outliersOn())
		c.servers[1].fails = always
		c.run(t, 2*time.Second, 200)
		c.wantEjected(t, "one down", "a001")
		set := at(letters(3)...)
		set[1].Addr = "elsewhere"
		c.src.set(set...)
		synctest.Wait()
		c.wantEjected(t, "it moved")
	})
}

func TestOutliersAllocateNothing(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{Outliers: &OutlierConfig{}, SlowStart: SlowStartConfig{Window: time.Hour}, PanicBelow: 0.5}, letters(50)...)
	for _, sl := range p.snap.Load().all {
		sl.node.latency.store(1e6)
		sl.node.warmUp(p.now())
	}
	now := p.now()
	judge := func() {
		now += int64(time.Second)
		p.relax(now)
	}
	judge()
	if got := testing.AllocsPerRun(100, judge); got != 0 {
		t.Errorf("to judge 50 instances allocates %v times", got)
	}
	b := NewAdaptive(p, AdaptiveConfig{})
	if got := testing.AllocsPerRun(100, func() { b.Endpoint() }); got != 0 {
		t.Errorf("a pick allocates %v times", got)
	}
}

// BenchmarkJudge is what the call pays that judges.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint("n=", n), func(b *testing.B) {
			p := fixed(b, new(fleet), PoolConfig{Outliers: &OutlierConfig{}}, letters(n)...)
			for _, sl := range p.snap.Load().all {
				sl.node.latency.store(1e6 * (1 + rand.Float64()))
				sl.node.trial.good, sl.node.trial.bad = 1000, 10
			}
			now, s := p.now(), p.snap.Load()
			for b.Loop() {
				now += int64(judgeEvery)
				p.outliers.judge(p, s, now)
			}
		})
	}
}
