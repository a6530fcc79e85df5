package lb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/sd"
)

var hashed = map[string]Policy{
	"maglev":       func(s Set) kitlb.Balancer { return NewMaglev(s) },
	"ring":         func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{}) },
	"fixed ring":   func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{Points: 200}) },
	"bounded ring": func(s Set) kitlb.Balancer { return NewRing(s, RingConfig{Bound: 2}) },
	"rendezvous":   func(s Set) kitlb.Balancer { return NewRendezvous(s) },
}

// eachHashed runs f with each hashing balancer over a pool of instances.
func eachHashed(t *testing.T, cfg PoolConfig, all []sd.Instance, f func(t *testing.T, b kitlb.Balancer, src *source)) {
	t.Helper()
	for name, policy := range hashed {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				src := newSource(all...)
				f(t, policy(start(t, src, new(fleet), cfg)), src)
			})
		})
	}
}

// where returns who answers calls with each of n keys.
func where(t *testing.T, b kitlb.Balancer, n int) map[string]string {
	t.Helper()
	at, call := map[string]string{}, Endpoint(b)
	for i := range n {
		key := fmt.Sprint("user-", i)
		who, err := call(WithKey(t.Context(), key), nil)
		if err != nil {
			t.Fatal(err)
		}
		at[key] = who.(string)
	}
	return at
}

func TestKeysStay(t *testing.T) {
	eachHashed(t, PoolConfig{}, at("a", "b", "c", "d"), func(t *testing.T, b kitlb.Balancer, src *source) {
		before := where(t, b, 500)
		if again := where(t, b, 500); !maps.Equal(before, again) {
			t.Error("the same keys went elsewhere")
		}
		src.set(at("a", "b", "d")...)
		synctest.Wait()
		moved := 0
		for key, who := range where(t, b, 500) {
			if who != before[key] && before[key] != "c" {
				moved++
			}
		}
		if _, maglev := b.(*Maglev); moved > 0 && !maglev || moved > 25 {
			t.Errorf("%d keys of instances that stayed have moved", moved)
		}
		src.set(at("d", "c", "b", "a")...)
		synctest.Wait()
		if again := where(t, b, 500); !maps.Equal(before, again) {
			t.Error("keys are elsewhere after the instance came back")
		}
	})
}

// Another process has the same instances in another order, some twice, and
// through another backend, which writes an address in its own way.
func TestProperty6KeysAreElsewhereTheSame(t *testing.T) {
	const host = "[2001:db8::1]:80"
	for name, policy := range hashed {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ours := where(t, policy(start(t, newSource(at("a", "b", "c", host)...), new(fleet), PoolConfig{})), 500)
				theirs := where(t, policy(start(t, newSource(at("[2001:DB8:0::1]:80", "c", "a", "c", "b", "a")...), new(fleet), PoolConfig{})), 500)
				for key, who := range ours {
					if other := theirs[key]; who != other && who != host {
						t.Errorf("key %q is at %s here, and at %s there", key, who, other)
					}
				}
			})
		})
	}
}

func TestKeysReturn(t *testing.T) {
	var guards switches
	eachHashed(t, PoolConfig{Guard: guards.guard}, at("a", "b", "c", "d", "e"), func(t *testing.T, b kitlb.Balancer, _ *source) {
		before := where(t, b, 1000)
		guards.set("b")
		meanwhile, heirs := where(t, b, 1000), map[string]int{}
		for key, who := range meanwhile {
			switch {
			case before[key] == "b":
				heirs[who]++
			case who != before[key]:
				t.Fatalf("key %q has gone from %s to %s, since b cannot be picked", key, before[key], who)
			}
		}
		for _, id := range []string{"a", "c", "d", "e"} { // some 50 each
			if heirs[id] < 20 {
				t.Errorf("the keys of b went to %v, want them spread", heirs)
			}
		}
		if again := where(t, b, 1000); !maps.Equal(meanwhile, again) {
			t.Error("who stands in for b is not always the same")
		}
		guards.set("a", "b", "c", "d", "e")
		if panicking := where(t, b, 1000); !maps.Equal(before, panicking) {
			t.Error("keys do not stay in a panic, although nobody is better than others")
		}
		guards.set()
		if again := where(t, b, 1000); !maps.Equal(before, again) {
			t.Error("keys did not return")
		}
	})
}

// In a panic, critical instances are called too, which no table knows.
func TestKeysStayInAPanic(t *testing.T) {
	var guards switches
	all := at("a", "b", "c", "d")
	all[1].State, all[3].State = sd.Critical, sd.Draining
	eachHashed(t, PoolConfig{Guard: guards.guard}, all, func(t *testing.T, b kitlb.Balancer, _ *source) {
		guards.set("a", "b", "c", "d")
		first, seen := where(t, b, 300), map[string]int{}
		if again := where(t, b, 300); !maps.Equal(first, again) {
			t.Error("keys do not stay")
		}
		for _, who := range first {
			seen[who]++
		}
		if seen["a"] < 60 || seen["b"] < 60 || seen["c"] < 60 || seen["d"] > 0 {
			t.Errorf("keys are at %v, want a third of them at each of a, b and c", seen)
		}
	})
}

func TestARetryOfAKeyGoesElsewhere(t *testing.T) {
	eachHashed(t, PoolConfig{}, at("a", "b", "c", "d"), func(t *testing.T, b kitlb.Balancer, _ *source) {
		attempts := func(key string) (who []any) {
			ctx := WithKey(attempt.Start(t.Context(), 0), key)
			for range 4 {
				answer, err := Endpoint(b)(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				who = append(who, answer)
			}
			return who
		}
		first := attempts("k")
		if again := attempts("k"); !slices.Equal(first, again) {
			t.Errorf("attempts went to %v, then to %v", first, again)
		}
		if distinct := map[any]bool{first[0]: true, first[1]: true, first[2]: true, first[3]: true}; len(distinct) != 4 {
			t.Errorf("attempts went to %v", first)
		}
	})
}

func TestProperty7ABoundedRingIsNeverOverfull(t *testing.T) {
	for _, weights := range [][]int{{1, 1, 1, 1}, {3, 1, 2, 6}} {
		bubble(t, func(t *testing.T) {
			const calls = 60
			release := make(chan struct{})
			hold := func(ctx context.Context, _ any) (any, error) { <-release; return nil, nil }
			f := &fleet{serve: map[string]endpoint.Endpoint{"a": hold, "b": hold, "c": hold, "d": hold}}
			p := start(t, newSource(heavy(weights...)...), f, PoolConfig{})
			call := Endpoint(NewRing(p, RingConfig{Bound: 1.25}))
			var wg sync.WaitGroup
			for total := range calls { // all with one key
				wg.Go(func() {
					if _, err := call(WithKey(t.Context(), "popular"), nil); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				busiest := 0
				for i, w := range weights {
					inflight := int(nodeOf(t, p, string(rune('a'+i))).calling())
					if bound := (5*(total+1)*w + 4*sumOf(weights) - 1) / (4 * sumOf(weights)); inflight > bound {
						t.Errorf("weights %v: %d of %d in flight at weight %d, want no more than %d", weights, inflight, total+1, w, bound)
					}
					busiest = max(busiest, inflight)
				}
			}
			close(release)
			wg.Wait()
		})
	}
}

func TestRingConfigTakesAnything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(heavy(1, 1_000_000, 3)...), new(fleet), PoolConfig{})
		nan := 0.0
		nan /= nan
		for _, cfg := range []RingConfig{
			{Points: -1}, {Points: 1}, {Points: 1 << 19}, {Bound: -1}, {Bound: 0.1}, {Bound: 1e300}, {Bound: nan},
		} {
			where(t, NewRing(p, cfg), 50)
		}
	})
}

func BenchmarkBoundedRingUnderLoad(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		p := fixed(b, new(fleet), PoolConfig{}, letters(n)...)
		ring, ctx := NewRing(p, RingConfig{Bound: 1.25}), WithKey(b.Context(), "k")
		for i := range p.snap.Load().all {
			p.snap.Load().all[i].node.begin()
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ring.Pick(ctx)
			}
		})
		for i := range p.snap.Load().all {
			p.snap.Load().all[i].node.end()
		}
	}
}
