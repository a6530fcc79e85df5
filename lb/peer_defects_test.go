package lb

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
)

// What went wrong in other balancers, and must not here. Issues are those of the
// project in the test's name. Defects that the property tests rule out are there.

// random is a data race, and its round robin makes a thousand clients begin
// with the same instance.
func TestGoKitRandomIsARace(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(5)...)
	for name, b := range everyKind(p) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 100 {
					if _, err := b.Endpoint(); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		wg.Wait()
	}
}

// Ten updates of [a a b] connect to a twelve times, and close it twice.
func TestGoKitDuplicatesLeak(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := new(fleet), newSource(at("a", "a", "b")...)
		start(t, src, f, PoolConfig{})
		for range 10 {
			src.set(at("a", "a", "b")...)
			synctest.Wait()
		}
		src.set()
		synctest.Wait()
		wantCount(t, f, "a", 1, 1)
		wantCount(t, f, "b", 1, 1)
	})
}

// Each method has its own watch, and its own connection to every instance
// (#403, #1111).
func TestGoKitConnectsForEveryMethod(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := new(fleet)
		p := start(t, newSource(at("a", "b")...), f, PoolConfig{})
		for range 20 {
			picks(t, Endpoint(NewRoundRobin(p)), 4) // a method each
		}
		wantCount(t, f, "a", 1, 0)
		if got := p.Nodes()[0].Calls; got != 40 {
			t.Errorf("what is known of an instance comes from %d calls, want those of all methods, 40", got)
		}
	})
}

// The balancer sees neither the call nor how it ended (#875).
func TestGoKitBalancersLearnNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 4, PoolConfig{})
		c.clients[0] = Endpoint(NewAdaptive(c.pool, AdaptiveConfig{}))
		c.servers[2].fails = always
		c.run(t, 5*time.Second, 200)
		if got := c.servers[2].hits.Load(); got > 50 {
			t.Errorf("the one that fails got %d of 1000 calls", got)
		}
	})
}

// Every change of the set makes its round robin begin anew at random.
func TestGrpcRoundRobinBeginsAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set := at(letters(5)...)
		src := newSource(set...)
		p := start(t, src, new(fleet), PoolConfig{})
		call, got := Endpoint(NewRoundRobin(p)), map[any]int{}
		for i := range 50 {
			for who := range picks(t, call, 1) {
				got[who]++
			}
			set[i%5].Zone = fmt.Sprint("zone ", i)
			src.set(set...)
			synctest.Wait()
		}
		for who, k := range got {
			if k != 10 {
				t.Errorf("%v got %d of 50 turns between changes, want 10", who, k)
			}
		}
	})
}

// Least request draws with replacement: of two, the busy one gets a quarter of
// the calls (Envoy's too: envoy#20420).
func TestGrpcLeastRequestDrawsTheSameTwice(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "busy", "idle")
	nodeOf(t, p, "busy").begin()
	defer nodeOf(t, p, "busy").end()
	for name, b := range map[string]kitlb.Balancer{
		"least of two": NewLeastRequest(p, LeastRequestConfig{Choices: 2}),
		"adaptive":     NewAdaptive(p, AdaptiveConfig{Choices: 2}),
	} {
		if got := picks(t, Endpoint(b), 200); got["idle"] != 200 {
			t.Errorf("%s: of two, picked %v", name, got)
		}
	}
}

// Ties go to the first sample, and so to the first of the list.
func TestGrpcTiesGoToTheFirst(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(4)...)
	for _, choices := range []int{2, 4, 20} {
		uniformly(t, fmt.Sprint(choices, " choices"), sharesOf(t, p, NewLeastRequest(p, LeastRequestConfig{Choices: choices}), 2000))
	}
}

// A pick and its end allocate three times.
func TestGrpcLeastRequestAllocates(t *testing.T) {
	p := fixed(t, &fleet{serve: map[string]endpoint.Endpoint{"a": silent, "b": silent}}, PoolConfig{}, "a", "b")
	call := Endpoint(NewLeastRequest(p, LeastRequestConfig{}))
	if got := testing.AllocsPerRun(100, func() { call(t.Context(), nil) }); got != 0 {
		t.Errorf("a call allocates %v times", got)
	}
}

func silent(context.Context, any) (any, error) { return nil, nil }

// Weights are rounded to 16 bits, and who is a hundred thousand times lighter is
// never picked; sums of weights overflow; a weight of zero is a division by it
// (Envoy's and gRPC's EDF).
func TestGrpcExtremeWeights(t *testing.T) {
	for name, weights := range map[string][]int{
		"light":     {1, 1 << 30},
		"huge":      {math.MaxInt, math.MaxInt, math.MaxInt},
		"zero":      {0, 0, 1},
		"below":     {-1, math.MinInt, 1},
		"one of it": {1, math.MaxInt, 1},
	} {
		bubble(t, func(t *testing.T) {
			set := at(letters(len(weights))...)
			for i, w := range weights {
				set[i].Weight = w
			}
			p := start(t, newSource(set...), new(fleet), PoolConfig{})
			for kind, b := range everyKind(p) {
				picks(t, Endpoint(b), 100)
				if name == "light" && kind == "weighted round robin" {
					if got := picks(t, Endpoint(b), 10000); got["a000"] == 0 {
						t.Errorf("%s, %s: in 10000 picks, the light one never", name, kind)
					}
				}
			}
		})
	}
}

// Outlier detection wants five hosts, and ejects no more than a tenth: of two,
// nobody. See also TestGrpcOutlierNeedsVolume.
func TestGrpcOutlierNeedsFiveHosts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 2, outliersOn())
		c.servers[1].fails = often(0.6)
		c.run(t, 20*time.Second, 100)
		if nodeOf(t, c.pool, "a001").trial.why() == innocent {
			t.Error("one of two fails 60 % of its calls, and was not ejected")
		}
	})
}

// After a change of the set, the first fifty picks of every client go to the
// heaviest (envoy#10064, #31378): light instances get nothing.
func TestEnvoyFirstPicksGoToTheHeaviest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set := at(letters(4)...)
		set[0].Weight = 3
		p := start(t, newSource(set...), new(fleet), PoolConfig{})
		got := map[any]int{}
		for range 1200 {
			for who := range picks(t, Endpoint(NewWeightedRoundRobin(p)), 1) {
				got[who]++
			}
		}
		if heavy := got["a000"]; heavy < 480 || heavy > 720 {
			t.Errorf("of 1200 first picks %d go to the one with half of the weight", heavy)
		}
	})
}

// Calls that wait for their connection are not counted, so that the host whose
// handshake hangs looks idle and gets all (#44989).
func TestEnvoyPendingCallsAreNotCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 2, PoolConfig{})
		c.servers[0].mean, c.servers[0].steady = time.Hour, true // hangs before it sends anything
		call := Endpoint(NewLeastRequest(c.pool, LeastRequestConfig{}))
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			go call(ctx, nil)
			time.Sleep(20 * time.Millisecond)
		}
		if got := c.servers[0].hits.Load(); got > 1 {
			t.Errorf("the one that hangs got %d of 10 calls", got)
		}
		cancel()
		time.Sleep(3 * time.Hour)
	})
}

// Whose latency was once high is not called again, because nothing decays unless
// it is called.
func TestEnvoyPeakEWMANeverForgets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, PoolConfig{})
		for name, b := range map[string]kitlb.Balancer{"peak EWMA": NewPeakEWMA(c.pool, PeakEWMAConfig{}), "adaptive": NewAdaptive(c.pool, AdaptiveConfig{})} {
			c.clients = []endpoint.Endpoint{Endpoint(b)}
			c.servers[1].mean = time.Second
			c.run(t, 5*time.Second, 20)
			c.servers[1].mean = 10 * time.Millisecond
			c.run(t, 90*time.Second, 20)
			c.spread()
			c.run(t, 30*time.Second, 20)
			if got := c.servers[1].hits.Load(); got < 80 {
				t.Errorf("%s: a minute and a half after it became fast, it gets %d of 600 calls", name, got)
			}
		}
	})
}

// An instance that joins makes the calls of those in their slow start surge
// (#26290).
func TestEnvoySlowStartSurge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at(letters(4)...)...)
		p := start(t, src, new(fleet), warmed(time.Hour))
		call := Endpoint(NewRandom(p))
		src.set(at(letters(5)...)...)
		synctest.Wait()
		time.Sleep(12 * time.Minute)
		picks(t, call, 1)
		before := picks(t, call, 8000)["a004"] // 0.2 of a share
		src.set(at(letters(6)...)...)
		synctest.Wait()
		if after := picks(t, call, 8000)["a004"]; after > before*5/4 {
			t.Errorf("one joined, and another in slow start got %d of 8000 calls instead of %d", after, before)
		}
	})
}

// Below half, a panic sends calls to hosts that are known to fail, unless one
// has read the FAQ.
func TestEnvoyPanicsUnasked(t *testing.T) {
	var g switches
	p := fixed(t, new(fleet), PoolConfig{Guard: g.guard}, letters(4)...)
	g.set(letters(4)[1:]...)
	for name, b := range everyKind(p) {
		if got := picks(t, Endpoint(b), 100); got["a000"] != 100 {
			t.Errorf("%s: with one of four ready, picked %v", name, got)
		}
	}
}

// The next attempt of a key may be at the same host.
func TestEnvoyRingRetriesTheSameHost(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(5)...)
	for name, b := range map[string]kitlb.Balancer{"ring": NewRing(p, RingConfig{}), "Maglev": NewMaglev(p), "rendezvous": NewRendezvous(p)} {
		for key := range 50 {
			ctx, seen := context.Context(attempt.Start(WithKey(t.Context(), fmt.Sprint(key)), 0)), map[any]bool{}
			for range 5 {
				who, err := Endpoint(b)(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				seen[who] = true
			}
			if len(seen) != 5 {
				t.Errorf("%s: five attempts of key %d went to %v", name, key, seen)
			}
		}
	}
}

// Tables are built anew for changes that they do not depend on, and that with
// every update (#44167).
func TestEnvoyTablesAreBuiltForNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set := at(letters(5)...)
		src := newSource(set...)
		p := start(t, src, new(fleet), PoolConfig{})
		b := NewMaglev(p)
		before := b.plan.Load()
		set[1].State, set[2].Zone = sd.Warning, "elsewhere"
		src.set(set...)
		synctest.Wait()
		if after := b.plan.Load(); after == before || after.by != before.by {
			t.Error("the table is another one, though neither IDs nor weights changed")
		}
	})
}

// Who fails at once looks fast, and a retry goes there again (linkerd2#11669).
func TestLinkerdFeedsWhoFailsFast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 5, PoolConfig{})
		c.servers[1].fails = always
		call := retry.New(retry.Config{Attempts: 2, Idempotent: true})(Endpoint(NewAdaptive(c.pool, AdaptiveConfig{})))
		c.clients[0] = call
		calls, failed := c.run(t, 10*time.Second, 200)
		if got := c.servers[1].hits.Load(); failed != 0 || got > calls/20 {
			t.Errorf("of %d calls %d failed, and %d attempts went to who fails at once", calls, failed, got)
		}
	})
}

// With every breaker open, calls fail without an attempt (linkerd2#11493).
func TestLinkerdFailsWhenBreakersEmptyThePool(t *testing.T) {
	bubble(t, func(t *testing.T) { // where nobody is slower than others
		var g switches
		p := fixed(t, new(fleet), PoolConfig{Guard: g.guard}, letters(3)...)
		g.set(letters(3)...)
		for name, b := range everyKind(p) {
			if got := picks(t, Endpoint(b), 60); len(got) < 2 { // and none fails
				t.Errorf("%s: with every guard shut, picked %v", name, got)
			}
		}
	})
}

// A failure remembered as a latency of 5 s keeps callers away for a minute after
// the server is well.
func TestLinkerdPenaltyLocksOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 5, PoolConfig{})
		c.clients[0] = Endpoint(NewAdaptive(c.pool, AdaptiveConfig{}))
		c.servers[1].fails = always
		c.run(t, 10*time.Second, 200)
		c.servers[1].fails = nil
		c.run(t, 13*time.Second, 200)
		c.spread()
		c.run(t, 10*time.Second, 200)
		if got := c.servers[1].hits.Load(); got < 320 {
			t.Errorf("15 s after it was well again, it gets %d of 2000 calls, want 80 %% of 400", got)
		}
	})
}

// A wrapped deadline, or a plain network error, counts as success, because
// errors.Is has its arguments in the other order.
func TestKratosWrappedDeadlineIsASuccess(t *testing.T) {
	for _, err := range []error{fmt.Errorf("get: %w", context.DeadlineExceeded), io.ErrUnexpectedEOF} {
		p := fixed(t, &fleet{serve: map[string]endpoint.Endpoint{"a": func(context.Context, any) (any, error) { return nil, err }}}, PoolConfig{}, "a")
		nodeOf(t, p, "a").call(t.Context(), nil)
		if got := p.Nodes()[0]; got.Failures != 1 || got.Success == 1 || got.Latency != 0 {
			t.Errorf("after %v: %+v", err, got)
		}
	}
}

// A change of the set makes it forget all that it knew (go-zero too).
func TestKratosForgetsAtEveryChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 3, outliersOn())
		c.servers[1].fails = always
		c.run(t, 3*time.Second, 100)
		before := c.pool.Nodes()
		c.src.set(at(letters(2)...)...)
		synctest.Wait()
		after := c.pool.Nodes()
		for i := range after {
			if before[i].Calls != after[i].Calls || before[i].Success != after[i].Success || before[i].Latency != after[i].Latency || before[i].EjectedFor != after[i].EjectedFor {
				t.Errorf("%+v\nbecame %+v", before[i], after[i])
			}
		}
	})
}

// A caller that gives up makes the instance look bad (#3834).
func TestKratosPunishesCancellation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 1, PoolConfig{})
		c.servers[0].mean = time.Second
		hang := func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, ctx.Err() }
		c.f.serve["a000"] = hang
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			time.AfterFunc(time.Millisecond, cancel)
			c.clients[0](ctx, nil)
			cancel()
		}
		if got := c.pool.Nodes()[0]; got.Success != 1 || got.Failures != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// Weights are ignored by its P2C.
func TestKratosIgnoresWeights(t *testing.T) {
	for name, b := range map[string]func(Set) kitlb.Balancer{
		"adaptive":      func(s Set) kitlb.Balancer { return NewAdaptive(s, AdaptiveConfig{}) },
		"least request": func(s Set) kitlb.Balancer { return NewLeastRequest(s, LeastRequestConfig{}) },
		"peak EWMA":     func(s Set) kitlb.Balancer { return NewPeakEWMA(s, PeakEWMAConfig{}) },
	} {
		bubble(t, func(t *testing.T) {
			c := newCrew(t, 2, PoolConfig{})
			set := at(letters(2)...)
			set[0].Weight, set[1].Weight = 3, 1
			c.src.set(set...)
			synctest.Wait()
			c.clients[0] = Endpoint(b(c.pool))
			c.run(t, 20*time.Second, 2000)
			if heavy, light := c.servers[0].hits.Load(), c.servers[1].hits.Load(); heavy < 2*light || heavy > 4*light {
				t.Errorf("%s: with weights of 3 and 1 they get %d and %d calls", name, heavy, light)
			}
		})
	}
}

// Every client forces a pick of every instance each second (kratos: each three),
// so that a hundred clients send the dead one a hundred calls a second.
func TestGoZeroForcedPicks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := town20(t, 100, func(s Set) kitlb.Balancer { return NewAdaptive(s, AdaptiveConfig{}) }, PoolConfig{})
		w.run(t, 5*time.Second, 2000)
		w.servers[7].fails = always
		w.run(t, 5*time.Second, 2000)
		calls, failed := w.run(t, 10*time.Second, 2000)
		share := 100 * float64(failed) / float64(calls)
		t.Logf("of 100 clients, %.2f %% of calls failed", share)
		if share > 2.5 { // forced, 5 %
			t.Errorf("of 100 clients, %.2f %% of calls failed, want half of an equal share at most", share)
		}
	})
}

// A node that is new has no load, and all calls go there.
func TestGoZeroNewNodesAreRushed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCrew(t, 5, PoolConfig{})
		c.src.set(at(letters(4)...)...)
		synctest.Wait()
		b := NewAdaptive(c.pool, AdaptiveConfig{})
		c.clients[0] = Endpoint(b)
		c.run(t, 3*time.Second, 100)
		c.src.set(at(letters(5)...)...)
		synctest.Wait()
		joined := nodeOf(t, c.pool, "a004")
		got, slots := 0, c.pool.snap.Load().pickable
		for range 400 {
			if b.plan.Load().by.choose(slots, want{}).node == joined {
				got++
			}
		}
		if got > 200 {
			t.Errorf("of the next 400 picks, %d were of the one that joined", got)
		}
	})
}

// Its hash has another seed in every process (v0.16.2).
func TestKitexHashDiffersPerProcess(t *testing.T) {
	sets := [2][]string{letters(7), letters(7)}
	slices.Reverse(sets[1])
	for name, by := range map[string]func(Set) kitlb.Balancer{
		"Maglev":     func(s Set) kitlb.Balancer { return NewMaglev(s) },
		"ring":       func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{}) },
		"rendezvous": func(s Set) kitlb.Balancer { return NewRendezvous(s) },
	} {
		var answers [2][]any
		for i, addrs := range sets {
			call := Endpoint(by(fixed(t, new(fleet), PoolConfig{}, addrs...)))
			for key := range 100 {
				who, err := call(WithKey(t.Context(), fmt.Sprint("user-", key)), nil)
				if err != nil {
					t.Fatal(err)
				}
				answers[i] = append(answers[i], who)
			}
		}
		if !slices.Equal(answers[0], answers[1]) {
			t.Errorf("%s: two pools of the same instances, in another order, send keys elsewhere", name)
		}
	}
}

// Round robin is made anew for every call, and so is random (#116, #2799).
func TestGoMicroRoundRobinIsRandom(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(3)...)
	call := Endpoint(NewRoundRobin(p))
	for range 30 {
		if got := picks(t, call, 3); len(got) != 3 {
			t.Errorf("three calls in turn went to %v", got)
		}
	}
}

// Balancers that are made in the same second have the same seed.
func TestDubboSeedsByTheSecond(t *testing.T) {
	bubble(t, func(t *testing.T) { // where time stands still
		p := start(t, newSource(at(letters(5)...)...), new(fleet), PoolConfig{})
		for name := range balancers(p) {
			got := map[any]int{}
			for range 200 {
				for who := range picks(t, Endpoint(balancers(p)[name]), 1) {
					got[who]++
				}
			}
			if len(got) != 5 {
				t.Errorf("%s: the first picks of 200 balancers went to %v", name, got)
			}
		}
	})
}

// grpc-go's random subsetting takes a new seed with every channel, so a restart
// connects to other instances. Here the client's name decides.
func TestGrpcSubsetsDoNotOutliveTheProcess(t *testing.T) {
	subset := func() []string {
		p := fixed(t, new(fleet), PoolConfig{}, letters(100)...)
		v, err := Subset(p, SubsetConfig{Client: "host-17", Size: 10})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, in := range v.Instances() {
			ids = append(ids, in.ID)
		}
		return ids
	}
	if before, after := subset(), subset(); !slices.Equal(before, after) {
		t.Errorf("one client's subset was %v, and is %v after a restart", before, after)
	}
}

// HAProxy's two draws came from a ring, on which servers have unequal parts: of
// 1600 that were mostly idle, some got twice the calls of others. Here ties, which
// are all that is left when nobody is busy, are even.
func TestHAProxyIdleServersGetUnequalShares(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(160)...)
	for name, b := range map[string]kitlb.Balancer{
		"least of two": NewLeastRequest(p, LeastRequestConfig{Choices: 2}),
		"random":       NewRandom(p),
	} {
		uniformly(t, name, sharesOf(t, p, b, 160*200))
	}
}
