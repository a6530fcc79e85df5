package lb

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/sd"
)

func warmed(window time.Duration) PoolConfig {
	return PoolConfig{SlowStart: SlowStartConfig{Window: window}}
}

func TestSlowStartFormula(t *testing.T) {
	for _, c := range []struct {
		cfg  SlowStartConfig
		age  time.Duration
		want float64
	}{
		{SlowStartConfig{}, 0, 0.1},
		{SlowStartConfig{}, 5 * time.Second, 0.1},
		{SlowStartConfig{}, 50 * time.Second, 0.5},
		{SlowStartConfig{}, 100 * time.Second, 1},
		{SlowStartConfig{}, time.Hour, 1},
		{SlowStartConfig{}, -time.Hour, 0.1},
		{SlowStartConfig{Floor: 0.3}, 20 * time.Second, 0.3},
		{SlowStartConfig{Aggression: 2}, 25 * time.Second, 0.5},
		{SlowStartConfig{Aggression: 0.5}, 50 * time.Second, 0.25},
		{SlowStartConfig{Floor: math.NaN(), Aggression: math.NaN()}, 50 * time.Second, 0.5},
		{SlowStartConfig{Floor: -1, Aggression: -1}, 5 * time.Second, 0.1},
		{SlowStartConfig{Floor: 2, Aggression: math.Inf(1)}, 5 * time.Second, 0.1},
	} {
		c.cfg.Window = 100 * time.Second
		cfg := c.cfg.withDefaults()
		if got := cfg.share(int64(c.age)); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v, %v old: share %v, want %v", c.cfg, c.age, got, c.want)
		}
	}
	if got := (SlowStartConfig{Window: -1}).withDefaults(); got.Window != 0 {
		t.Errorf("a negative window becomes %v", got.Window)
	}
}

// ramp returns the share of picks that b gives to id in each quarter of a slow
// start of 40 s, per fair share.
func ramp(t *testing.T, p *Pool, b kitlb.Balancer, id string, n int) []float64 {
	t.Helper()
	call, shares := Endpoint(b), []float64{}
	for range 5 {
		got := 0
		for range 4000 {
			who, err := call(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if who == id {
				got++
			}
			time.Sleep(2500 * time.Microsecond)
		}
		shares = append(shares, float64(got*n)/4000)
	}
	return shares
}

// A new instance gets little at first, and all of its share in the end, over
// every balancer. While it has the share f, all have 4+f together.
func TestSlowStartWithEveryBalancer(t *testing.T) {
	for name := range everyKind(fixed(t, new(fleet), PoolConfig{}, "a")) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				src := newSource(at(letters(4)...)...)
				p := start(t, src, new(fleet), warmed(40*time.Second))
				b := everyKind(p)[name]
				for range 100 {
					Endpoint(b)(t.Context(), nil)
				}
				src.set(at(letters(5)...)...)
				synctest.Wait()
				got := ramp(t, p, b, "a004", 5)
				for i, want := range []float64{0.175, 0.43, 0.68, 0.9, 1} {
					if got[i] < want*0.6 || got[i] > want*1.4+0.15 {
						t.Errorf("quarter %d: the new one gets %.2f of a share, want about %.2f", i+1, got[i], want)
					}
				}
			})
		})
	}
}

// states returns who is in slow start.
func states(p *Pool) map[string]float64 {
	all := map[string]float64{}
	for _, s := range p.Nodes() {
		if s.SlowStart > 0 {
			all[s.ID] = math.Round(100*s.SlowStart) / 100
		}
	}
	return all
}

func wantSlow(t *testing.T, p *Pool, when string, want map[string]float64) {
	t.Helper()
	if got := states(p); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: in slow start are %v, want %v", when, got, want)
	}
}

// When the client is what is new, nobody is cold.
func TestHAProxyTheFirstSetIsWarm(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource()
		p := start(t, src, new(fleet), warmed(time.Minute))
		src.set(at("a", "b")...)
		synctest.Wait()
		wantSlow(t, p, "first set", map[string]float64{})
		src.set(at("a", "b", "c")...)
		synctest.Wait()
		wantSlow(t, p, "one joins", map[string]float64{"c": 0.1})
		src.set()
		synctest.Wait()
		src.set(at("b")...)
		synctest.Wait()
		wantSlow(t, p, "into an empty pool", map[string]float64{})
	})
}

func TestWhoIsCold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("a", "b")...)
		p := start(t, src, new(fleet), warmed(100*time.Second))
		started := func(id string, ago time.Duration) sd.Instance {
			return sd.Instance{ID: id, Addr: id, Meta: map[string]string{sd.MetaStarted: time.Now().Add(-ago).Format(time.RFC3339)}}
		}
		src.set(at("a", "b")[0], sd.Instance{ID: "b", Addr: "moved"}, started("c", time.Hour), started("d", 50*time.Second),
			started("e", -time.Hour), sd.Instance{ID: "f", Addr: "f", Meta: map[string]string{sd.MetaStarted: "yesterday"}})
		synctest.Wait()
		wantSlow(t, p, "joined", map[string]float64{"b": 0.1, "d": 0.5, "e": 0.1, "f": 0.1})
		time.Sleep(60 * time.Second)
		Endpoint(NewRandom(p))(t.Context(), nil)
		wantSlow(t, p, "a minute later", map[string]float64{"b": 0.6, "e": 0.6, "f": 0.6})
		time.Sleep(60 * time.Second)
		Endpoint(NewRandom(p))(t.Context(), nil)
		wantSlow(t, p, "two minutes later", map[string]float64{})
	})
}

// An instance is never passed over where there is no other: because the others
// are not ready, or were tried.
func TestAColdInstanceIsBetterThanNone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var g switches
		cfg := warmed(time.Hour)
		cfg.Guard, cfg.Explain = g.guard, 1
		src := newSource(at("a", "b")...)
		p := start(t, src, new(fleet), cfg)
		src.set(at("a", "b", "cold")...)
		synctest.Wait()
		for name, b := range everyKind(p) {
			g.set("a", "b")
			if got := picks(t, Endpoint(b), 100); got["cold"] != 100 {
				t.Errorf("%s: picked %v while only the cold one is ready", name, got)
			}
			if got := p.Explain()[0].Step; got != "ready" {
				t.Errorf("%s: the step is %q", name, got)
			}
			g.set()
			for range 100 {
				ctx := attempt.Start(t.Context(), 0)
				attempt.From(ctx).Add("a")
				attempt.From(ctx).Add("b")
				if who, err := Endpoint(b)(ctx, nil); who != "cold" || err != nil {
					t.Fatalf("%s: the third attempt went to %v (%v), want the one that was not tried", name, who, err)
				}
			}
		}
	})
}

// Where everybody is new, nobody is held back.
func TestAllColdAreEqual(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("old")...)
		p := start(t, src, new(fleet), warmed(time.Hour))
		src.set(at("a", "b", "c")...)
		synctest.Wait()
		for name, b := range everyKind(p) {
			got := picks(t, Endpoint(b), 900)
			for _, id := range []string{"a", "b", "c"} {
				if got[id] < 200 || got[id] > 400 {
					t.Errorf("%s: picked %v, want about 300 each", name, got)
				}
			}
		}
	})
}

// Who returns from an ejection is new again.
func TestTheReturnedWarmUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, PoolConfig{Outliers: &OutlierConfig{}, SlowStart: SlowStartConfig{Window: 20 * time.Second}})
		c.servers[1].fails = always
		c.run(t, 2*time.Second, 200)
		c.wantEjected(t, "one down", "a001")
		c.servers[1].fails = nil
		time.Sleep(10 * time.Second)
		c.run(t, time.Second, 10)
		c.wantEjected(t, "back")
		if got := states(c.pool)["a001"]; got == 0 {
			t.Error("it is not in slow start")
		}
		c.spread()
		c.run(t, 3*time.Second, 300)
		if back, others := c.servers[1].hits.Load(), c.servers[0].hits.Load(); back*3 > others*2 {
			t.Errorf("it gets %d calls, and others %d", back, others)
		}
		c.run(t, 30*time.Second, 20)
		wantSlow(t, c.pool, "after its window", map[string]float64{})
	})
}

// A key moves to a new instance once, and then stays.
func TestAKeyMovesOnce(t *testing.T) {
	p := fixed(t, new(fleet), warmed(time.Hour), "a")
	n := nodeOf(t, p, "a")
	moves := 0
	for key := range uint64(1000) {
		w := want{key: dice{key}.state * 0x9e3779b97f4a7c15, keyed: true}
		var seen []bool
		for age := time.Duration(0); age <= time.Hour; age += time.Minute {
			n.warmUp(p.now() - int64(age))
			if cold := n.tooCold(p.luck(&w)); len(seen) == 0 || seen[len(seen)-1] != cold {
				seen = append(seen, cold)
			}
		}
		if len(seen) > 2 || slices.Contains(seen[1:], true) {
			t.Fatalf("key %d is refused, or not, as it goes: %v", key, seen)
		}
		moves += len(seen) - 1
	}
	if moves < 850 || moves > 950 {
		t.Errorf("%d of 1000 keys came later, want 900: the floor is a tenth", moves)
	}
}

// go-kit's balancers know nothing of slow start, and must not meet refusals.
func TestSlowStartRefusesNoOffer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("a")...)
		p := start(t, src, new(fleet), warmed(time.Hour))
		src.set(at("a", "b")...)
		synctest.Wait()
		b := kitlb.NewRoundRobin(p)
		for range 100 {
			e, err := b.Endpoint()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Linkerd's and Envoy's surges: with the costs of least request, a new instance
// is the one without anything in flight, and all calls go there at once.
func TestSlowStartStopsTheRushOfLeastRequest(t *testing.T) {
	rush := func(cfg PoolConfig) (joined int64) {
		bubble(t, func(t *testing.T) {
			c := newCrew(t, 5, cfg)
			for _, s := range c.servers {
				s.mean = time.Second
			}
			c.src.set(at(letters(4)...)...)
			synctest.Wait()
			c.clients = []endpoint.Endpoint{Endpoint(NewLeastRequest(c.pool, LeastRequestConfig{Choices: 20}))}
			for range 4 {
				c.run(t, time.Second, 200)
			}
			go c.run(t, time.Second, 200)
			time.Sleep(900 * time.Millisecond)
			c.src.set(at(letters(5)...)...)
			synctest.Wait()
			c.servers[4].hits.Store(0)
			time.Sleep(100 * time.Millisecond)
			joined = c.servers[4].hits.Load()
			time.Sleep(3 * time.Second)
		})
		return joined
	}
	without, with := rush(PoolConfig{}), rush(warmed(time.Minute))
	t.Logf("of about 20 calls, the one who joins gets %d, and %d in slow start", without, with)
	if without < 8 || with > 10 {
		t.Errorf("of about 20 calls, the one who joins gets %d, and %d in slow start, want nearly all and a tenth", without, with)
	}
}

// Two that are cold are not passed over by the same picks.
func TestTheColdArePassedOverIndependently(t *testing.T) {
	p := fixed(t, new(fleet), warmed(time.Hour), "a", "b")
	a, b := nodeOf(t, p, "a"), nodeOf(t, p, "b")
	for _, n := range []*node{a, b} {
		n.warmUp(p.now() - int64(30*time.Minute))
	}
	both := 0
	for range 4000 {
		if luck := p.luck(&want{}); a.tooCold(luck) && b.tooCold(luck) {
			both++
		}
	}
	if both < 800 || both > 1200 {
		t.Errorf("two with half of their share were passed over by %d of 4000 picks together, want 1000", both)
	}
}
