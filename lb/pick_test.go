package lb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/sd"
)

// uniformly fails unless counts may come from n equally likely outcomes. It
// errs once in a billion.
func uniformly(t *testing.T, what string, counts []int) {
	t.Helper()
	total := 0
	for _, c := range counts {
		total += c
	}
	k, chi2, mean := float64(len(counts)-1), 0.0, float64(total)/float64(len(counts))
	for _, c := range counts {
		chi2 += (float64(c) - mean) * (float64(c) - mean) / mean
	}
	// Wilson and Hilferty: the cube root of a chi-square is nearly normal.
	z := (math.Cbrt(chi2/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
	if z > 6 {
		t.Errorf("%s: not uniform, z = %.1f: %v", what, z, counts)
	}
}

func TestDice(t *testing.T) {
	for _, n := range []int{2, 3, 7, 1000} {
		counts := make([]int, n)
		r := dice{rand.Uint64()}
		for range 200 * n {
			counts[r.below(n)]++
		}
		uniformly(t, fmt.Sprintf("one of %d", n), counts)
	}
}

// Reference property 9: what is compared is all different, and each instance is
// drawn equally often.
func TestProperty9SamplesAreDistinctAndUniform(t *testing.T) {
	for _, c := range []struct{ d, n int }{{1, 2}, {1, 3}, {2, 3}, {3, 7}, {8, 9}, {8, 17}, {8, 64}, {8, 65}, {16, 1000}, {8, 65537}} {
		counts, pairs := make([]int, c.n), map[[2]uint32]bool{}
		by, r := comparison{choices: c.d}.ready(), dice{rand.Uint64()}
		for range max(10000, 20*c.n/c.d) {
			var room [maxChoices]uint32
			drawn := by.draw(&room, by.arcs(c.n), c.n, &r)
			if len(drawn) != c.d {
				t.Fatalf("%d of %d: drew %d", c.d, c.n, len(drawn))
			}
			for i, a := range drawn {
				counts[a]++
				for _, b := range drawn[:i] {
					if a == b {
						t.Fatalf("%d of %d: drew %d twice", c.d, c.n, a)
					}
					if c.n <= 65 {
						pairs[[2]uint32{min(a, b), max(a, b)}] = true
					}
				}
			}
		}
		uniformly(t, fmt.Sprintf("%d of %d", c.d, c.n), counts)
		if want := c.n * (c.n - 1) / 2; c.d > 1 && c.n <= 65 && len(pairs) < want*9/10 {
			t.Errorf("%d of %d: %d different pairs meet, want nearly all %d", c.d, c.n, len(pairs), want)
		}
	}
}

// sharesOf picks times and returns how often each instance came, in order.
func sharesOf(t *testing.T, p *Pool, b kitlb.Balancer, times int) []int {
	t.Helper()
	got := picks(t, Endpoint(b), times)
	var counts []int
	for _, s := range p.Nodes() {
		counts = append(counts, got[s.Addr])
	}
	return counts
}

func TestRandomIsUniform(t *testing.T) {
	for _, n := range []int{2, 7, 100} {
		p := fixed(t, new(fleet), PoolConfig{}, letters(n)...)
		uniformly(t, fmt.Sprint(n), sharesOf(t, p, NewRandom(p), 200*n))
	}
}

func TestRoundRobinTakesTurns(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(7)...)
	if got := sharesOf(t, p, NewRoundRobin(p), 700); slices.Min(got) != 100 || slices.Max(got) != 100 {
		t.Errorf("700 picks of 7: %v, want 100 each", got)
	}
	b := NewRoundRobin(p)
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := map[any]int{}
	for range 10 {
		wg.Go(func() {
			got := picks(t, Endpoint(b), 70)
			mu.Lock()
			defer mu.Unlock()
			for who, k := range got {
				total[who] += k
			}
		})
	}
	wg.Wait()
	for who, k := range total {
		if k != 100 {
			t.Errorf("%v was picked %d times by ten who share a round robin, want 100", who, k)
		}
	}
}

// A thousand fresh clients must not all begin with the same instance, as
// go-kit's do.
func TestGoKitFirstPicksAreSpread(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(5)...)
	for name := range balancers(p) {
		counts := map[any]int{}
		for range 1000 {
			for who := range picks(t, Endpoint(balancers(p)[name]), 1) {
				counts[who]++
			}
			forget(p)
		}
		all := make([]int, 0, 5)
		for _, a := range letters(5) {
			all = append(all, counts[a])
		}
		uniformly(t, name, all)
	}
}

// forget makes p what it was before the first call.
func forget(p *Pool) {
	for _, sl := range p.snap.Load().all {
		sl.node.latency.store(0)
		sl.node.failing.store(0)
	}
	p.mean.store(0)
}

// The successor of an instance that cannot be used gets no more than others.
func TestNobodyInheritsAShare(t *testing.T) {
	var g switches
	p := fixed(t, new(fleet), PoolConfig{Guard: g.guard}, letters(6)...)
	g.set("a001", "a002", "a004")
	for name, b := range balancers(p) {
		got := make([]int, 6)
		for range 3000 {
			forget(p)
			for i, k := range sharesOf(t, p, b, 1) {
				got[i] += k
			}
		}
		if got[1]+got[2]+got[4] != 0 {
			t.Errorf("%s picked what is not ready: %v", name, got)
		}
		uniformly(t, name, []int{got[0], got[3], got[5]})
	}
}

// With one usable instance among many, every pick finds it.
func TestTheLastUsableIsFound(t *testing.T) {
	for _, n := range []int{2, 20, 200} {
		var g switches
		p := fixed(t, new(fleet), PoolConfig{Guard: g.guard}, letters(n)...)
		g.set(letters(n - 1)...)
		last := letters(n)[n-1]
		for name, b := range balancers(p) {
			if got := picks(t, Endpoint(b), 200); got[last] != 200 {
				t.Errorf("%s, 1 of %d usable: picked %v, want only %s", name, n, got, last)
			}
		}
	}
}

// What may be picked is relaxed step by step: see Pool.pick.
func TestRelaxation(t *testing.T) {
	critical := sd.Instance{ID: "x", Addr: "x", State: sd.Critical}
	draining := sd.Instance{ID: "y", Addr: "y", State: sd.Draining}
	for _, c := range []struct {
		name        string
		shut, tried []string
		want        []string
	}{
		{"all usable", nil, nil, []string{"a", "b", "c"}},
		{"not ready", []string{"a"}, nil, []string{"b", "c"}},
		{"tried", nil, []string{"a", "b"}, []string{"c"}},
		{"tried or not ready", []string{"b"}, []string{"a"}, []string{"c"}},
		{"one ready, tried: again", []string{"b", "c"}, []string{"a"}, []string{"a"}},
		{"all tried: again", nil, []string{"a", "b", "c"}, []string{"a", "b", "c"}},
		{"none ready: panic", []string{"a", "b", "c"}, nil, []string{"a", "b", "c", "x"}},
		{"panic prefers the untried", []string{"a", "b", "c"}, []string{"a", "x"}, []string{"b", "c"}},
		{"panic, all tried", []string{"a", "b", "c"}, []string{"a", "b", "c", "x"}, []string{"a", "b", "c", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var g switches
				f, src := new(fleet), newSource(append(at("a", "b", "c", "y"), critical)...)
				p := start(t, src, f, PoolConfig{Guard: g.guard})
				src.set(append(at("a", "b", "c"), draining, critical)...)
				synctest.Wait()
				g.set(c.shut...)
				for name, b := range balancers(p) {
					seen := map[any]bool{}
					for range 300 {
						ctx := attempt.Start(t.Context(), 0)
						for _, id := range c.tried {
							attempt.From(ctx).Add(id)
						}
						e, err := b.(picker).Pick(ctx)
						if err != nil {
							t.Fatal(err)
						}
						who, err := e(ctx, nil)
						if err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						seen[who] = true
					}
					var got []string
					for who := range seen {
						got = append(got, who.(string))
					}
					if slices.Sort(got); !slices.Equal(got, c.want) {
						t.Errorf("%s picked %v, want %v", name, got, c.want)
					}
				}
			})
		})
	}
}

func TestProperty12PicksAllocateNothing(t *testing.T) {
	for _, n := range []int{1, 5, 64, 1000} {
		var g switches
		p := fixed(t, new(fleet), PoolConfig{Guard: g.guard}, letters(n)...)
		retried := attempt.Start(t.Context(), 0)
		attempt.From(retried).Add(letters(n)[0])
		for name, b := range balancers(p) {
			pick := b.(picker).Pick
			for what, f := range map[string]func(){
				"Endpoint":     func() { b.Endpoint() },
				"Pick":         func() { pick(t.Context()) },
				"Pick retried": func() { pick(retried) },
			} {
				if got := testing.AllocsPerRun(100, f); got != 0 {
					t.Errorf("%s of %d: %s allocates %v times", name, n, what, got)
				}
			}
			call := Endpoint(b)
			if got := testing.AllocsPerRun(100, func() { call(t.Context(), nil) }); got > 1 { // 1: the answer, a string in an any
				t.Errorf("%s of %d: a call allocates %v times", name, n, got)
			}
		}
		if got := testing.AllocsPerRun(100, func() { p.Endpoints() }); got != 0 {
			t.Errorf("Endpoints allocates %v times", got)
		}
	}
	empty := fixed(t, new(fleet), PoolConfig{})
	for name, b := range balancers(empty) {
		if got := testing.AllocsPerRun(100, func() { b.Endpoint() }); got != 0 {
			t.Errorf("%s: failing to pick allocates %v times", name, got)
		}
	}
}
