package lb

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/sd"
)

// heavy returns instances a, b, c… with weights. 0 is an instance without one.
func heavy(weights ...int) []sd.Instance {
	all := make([]sd.Instance, len(weights))
	for i, w := range weights {
		id := string(rune('a' + i))
		all[i] = sd.Instance{ID: id, Addr: id, Weight: w}
	}
	return all
}

// weighted are the balancers that go by weight when there is no key.
var weighted = map[string]Policy{
	"weighted round robin": func(s Set) kitlb.Balancer { return NewWeightedRoundRobin(s) },
	"weighted random":      func(s Set) kitlb.Balancer { return NewWeightedRandom(s) },
	"maglev":               func(s Set) kitlb.Balancer { return NewMaglev(s) },
	"ring":                 func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{}) },
	"bounded ring":         func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{Bound: 1.25}) },
	"rendezvous":           func(s Set) kitlb.Balancer { return NewRendezvous(s) },
}

// eachWeighted runs f with each weighted balancer over a pool of instances.
func eachWeighted(t *testing.T, cfg PoolConfig, all []sd.Instance, f func(t *testing.T, b kitlb.Balancer, src *source)) {
	t.Helper()
	for name, policy := range weighted {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				src := newSource(all...)
				f(t, policy(start(t, src, new(fleet), cfg)), src)
			})
		})
	}
}

// wantShares checks that picks are like weights: exactly with a round robin, and
// otherwise as far as chance allows.
func wantShares(t *testing.T, b kitlb.Balancer, weights ...int) {
	t.Helper()
	n := 400 * sumOf(weights)
	got, counts := picks(t, Endpoint(b), n), make([]int, len(weights))
	for i := range weights {
		counts[i] = got[string(rune('a'+i))]
		delete(got, string(rune('a'+i)))
	}
	if len(got) > 0 {
		t.Errorf("calls to others: %v", got)
	}
	for i, w := range weights {
		if w == 0 && counts[i] > 0 {
			t.Errorf("%d calls to %c, want none: %v", counts[i], 'a'+i, counts)
		}
	}
	if _, exact := b.(*WeightedRoundRobin); exact {
		for i, w := range weights {
			if counts[i] != 400*w {
				t.Errorf("%d calls to %c, want exactly %d", counts[i], 'a'+i, 400*w)
			}
		}
		return
	}
	wantFit(t, "calls", counts, weights)
}

func TestWeightedShares(t *testing.T) {
	all := heavy(5, 0, 2, 10, 30)
	all[3].State = sd.Draining
	all[4].State = sd.Critical
	eachWeighted(t, PoolConfig{}, all, func(t *testing.T, b kitlb.Balancer, _ *source) {
		wantShares(t, b, 5, 1, 2, 0, 0) // one without a weight has 1
	})
}

func TestWeightedFollowsTheSet(t *testing.T) {
	eachWeighted(t, PoolConfig{}, nil, func(t *testing.T, b kitlb.Balancer, src *source) {
		if _, err := b.Endpoint(); !errors.Is(err, ErrNoEndpoints) {
			t.Errorf("without instances: %v", err)
		}
		for _, weights := range [][]int{{1, 3}, {1, 3, 4}, {2, 1}} {
			src.set(heavy(weights...)...)
			synctest.Wait()
			wantShares(t, b, weights...)
		}
	})
}

func TestWeightedPassOverThoseThatAreNotReady(t *testing.T) {
	var guards switches
	eachWeighted(t, PoolConfig{Guard: guards.guard}, heavy(4, 2, 1, 3), func(t *testing.T, b kitlb.Balancer, _ *source) {
		guards.set("a", "d")
		wantShares(t, b, 0, 2, 1, 0)
		guards.set()
		wantShares(t, b, 4, 2, 1, 3)
		guards.set("a", "b", "c", "d") // a panic
		wantFit(t, "panic", countsOf(picks(t, Endpoint(b), 4000), 4), []int{4, 2, 1, 3})
		guards.set()
	})
}

// countsOf returns the counts of instances a, b, c and so on.
func countsOf(got map[any]int, n int) []int {
	counts := make([]int, n)
	for i := range counts {
		counts[i] = got[string(rune('a'+i))]
	}
	return counts
}

func TestWeightedPassOverThoseThatWereTried(t *testing.T) {
	eachWeighted(t, PoolConfig{}, heavy(40, 2, 1), func(t *testing.T, b kitlb.Balancer, _ *source) {
		for range 200 {
			ctx, seen := WithKey(attempt.Start(t.Context(), 0), "k"), map[any]bool{}
			for range 3 {
				e, err := b.(picker).Pick(ctx)
				if err != nil {
					t.Fatal(err)
				}
				who, _ := e(ctx, nil)
				seen[who] = true
			}
			if len(seen) != 3 {
				t.Fatalf("three attempts went to %v", seen)
			}
			if _, err := b.(picker).Pick(ctx); err != nil { // all were tried: one of them again
				t.Fatal(err)
			}
		}
	})
}

func TestWeightedPicksAllocateNothing(t *testing.T) {
	for name, policy := range weighted {
		p := fixed(t, new(fleet), PoolConfig{}, letters(20)...)
		b, ctx := policy(p), WithKey(t.Context(), "k")
		if got := testing.AllocsPerRun(200, func() { b.Endpoint() }); got != 0 {
			t.Errorf("%s: Endpoint allocates %v times", name, got)
		}
		if got := testing.AllocsPerRun(200, func() { b.(picker).Pick(ctx) }); got != 0 {
			t.Errorf("%s: Pick allocates %v times", name, got)
		}
	}
}

func TestProperty1TurnsAreExactWithManyCallers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		weights := []int{5, 1, 1, 3}
		b := NewWeightedRoundRobin(start(t, newSource(heavy(weights...)...), new(fleet), PoolConfig{}))
		var (
			mu     sync.Mutex
			all    = map[any]int{}
			wg     sync.WaitGroup
			cycles = 50
		)
		for range sumOf(weights) {
			wg.Go(func() {
				got := picks(t, Endpoint(b), cycles)
				mu.Lock()
				defer mu.Unlock()
				for who, n := range got {
					all[who] += n
				}
			})
		}
		wg.Wait()
		for i, w := range weights {
			if got := all[string(rune('a'+i))]; got != w*cycles {
				t.Errorf("%d calls to %c, want exactly %d", got, 'a'+i, w*cycles)
			}
		}
	})
}

func TestProperty1FreshClientsBeginByWeight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(heavy(10, 1, 5)...), new(fleet), PoolConfig{})
		all := map[any]int{}
		for range 3000 {
			for who := range picks(t, Endpoint(NewWeightedRoundRobin(p)), 1) {
				all[who]++
			}
		}
		wantFit(t, "first calls", countsOf(all, 3), []int{10, 1, 5})
	})
}

// What says nothing about who is there, or how heavy, rebuilds no table, and
// does not disturb whose turn it is.
func TestWeightedTablesAreKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(heavy(5, 1, 1)...)
		b := NewWeightedRoundRobin(start(t, src, new(fleet), PoolConfig{}))
		before := b.plan.Load()
		call, seen := Endpoint(b), ""
		for i := range 70 {
			for who := range picks(t, call, 1) {
				seen += fmt.Sprint(who)
			}
			same := heavy(5, 1, 1)
			same[i%3].Meta = map[string]string{"round": fmt.Sprint(i)}
			src.set(same...)
			synctest.Wait()
		}
		after := b.plan.Load()
		if before.snapshot == after.snapshot || before.by != after.by {
			t.Error("want a new snapshot, and the same schedule")
		}
		for from := 0; from+7 <= len(seen); from++ {
			window := []byte(seen[from : from+7])
			slices.Sort(window)
			if string(window) != "aaaaabc" {
				t.Fatalf("picks %d to %d are %s", from, from+7, window)
			}
		}
	})
}

func BenchmarkWeightedPick(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		all := make([]sd.Instance, n)
		for i, id := range letters(n) {
			all[i] = sd.Instance{ID: id, Addr: id, Weight: 1 + i%10}
		}
		p := NewPool(newSource(all...), new(fleet).factory, PoolConfig{})
		b.Cleanup(func() { p.Close() })
		for s := p.snap.Load(); len(s.pickable) < n; s = p.snap.Load() {
			<-s.replaced
		}
		ctx := WithKey(b.Context(), "user-12345")
		for name, policy := range weighted {
			balancer := policy(p)
			var e endpoint.Endpoint
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					e, _ = balancer.(picker).Pick(ctx)
				}
			})
			_ = e
		}
	}
}
