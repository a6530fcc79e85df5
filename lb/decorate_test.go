package lb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/sd"
)

// pooled returns a connected pool over instances, outside of a bubble.
func pooled(tb testing.TB, f *fleet, cfg PoolConfig, all ...sd.Instance) *Pool {
	tb.Helper()
	p := NewPool(newSource(all...), f.factory, cfg)
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	for s := p.snap.Load(); len(s.all) < len(all) || errors.Is(s.err, errNotSynced); s = p.snap.Load() {
		<-s.replaced
	}
	return p
}

// inZone returns instances of a zone, whose IDs begin with it.
func inZone(zone string, n int) []sd.Instance {
	all := make([]sd.Instance, n)
	for i := range all {
		id := fmt.Sprintf("%s%d", zone, i)
		all[i] = sd.Instance{ID: id, Addr: id, Zone: zone, Version: "v-" + zone, Tags: []string{"tag-" + zone}}
	}
	return all
}

// decorators returns one of each over a set that has the zones a and b.
func decorators(tb testing.TB, set Set, policy Policy) map[string]kitlb.Balancer {
	tb.Helper()
	zoned, err1 := NewZoneAware(set, ZoneConfig{Zone: "a"}, policy)
	split, err2 := NewSplit(set, SplitConfig{Parts: []Part{{"some", 30, Zone("a")}}}, policy)
	sticky, err3 := NewSticky(set, StickyConfig{}, policy)
	nested, err4 := NewZoneAware(set, ZoneConfig{Zone: "a"}, func(s Set) kitlb.Balancer {
		b, err := NewSplit(s, SplitConfig{Parts: []Part{{"one", 50, func(in sd.Instance) bool { return in.ID == "a0" || in.ID == "b0" }}}}, func(s Set) kitlb.Balancer {
			b, err := NewSticky(s, StickyConfig{}, policy)
			if err != nil {
				tb.Fatal(err)
			}
			return b
		})
		if err != nil {
			tb.Fatal(err)
		}
		return b
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		tb.Fatal(err)
	}
	return map[string]kitlb.Balancer{"zone aware": zoned, "split": split, "sticky": sticky, "nested": nested}
}

// eachDecorator calls f with each, over our own policies, of which it gets the
// name, and somebody else's.
func eachDecorator(t *testing.T, set Set, f func(t *testing.T, b kitlb.Balancer, policy string)) {
	t.Helper()
	named := append(policies(), namedPolicy{"go-kit", func(s Set) kitlb.Balancer { return kitlb.NewRoundRobin(s) }})
	for _, p := range named {
		for name, b := range decorators(t, set, p.policy) {
			t.Run(name+" of "+p.name, func(t *testing.T) { f(t, b, p.name) })
		}
	}
}

// whom returns who is picked by so many calls that went to tried before.
func whom(t *testing.T, b kitlb.Balancer, times int, tried ...string) []string {
	t.Helper()
	seen := map[string]bool{}
	for range times {
		ctx := attempt.Start(t.Context(), 0)
		for _, id := range tried {
			attempt.From(ctx).Add(id)
		}
		who, err := Endpoint(b)(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[who.(string)] = true
	}
	var got []string
	for who := range seen {
		got = append(got, who)
	}
	slices.Sort(got)
	return got
}

// Whatever a part is short of, the others have, before a guard is passed or an
// instance is tried twice: see Pool.pick.
func TestDecoratorsRelaxLikeAllBalancers(t *testing.T) {
	for _, c := range []struct {
		name        string
		shut, tried []string
		want        string
	}{
		{"all usable", nil, nil, "a0 a1 b0 b1"},
		{"a part is not ready", []string{"a0", "a1"}, nil, "b0 b1"},
		{"the others are not", []string{"b0", "b1"}, nil, "a0 a1"},
		{"a part was tried", nil, []string{"b0", "b1"}, "a0 a1"},
		{"one is left", []string{"a0", "b1"}, []string{"a1"}, "b0"},
		{"one is ready, tried: again", []string{"a0", "b0", "b1"}, []string{"a1"}, "a1"},
		{"none is ready: panic", []string{"a0", "a1", "b0", "b1"}, nil, "a0 a1 b0 b1 x"},
		{"panic prefers the untried", []string{"a0", "a1", "b0", "b1"}, []string{"a0", "b0", "x"}, "a1 b1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g switches
			all := append(inZone("a", 2), inZone("b", 2)...)
			p := pooled(t, new(fleet), PoolConfig{Guard: g.guard}, append(all, sd.Instance{ID: "x", Addr: "x", Zone: "a", State: sd.Critical})...)
			g.set(c.shut...)
			eachDecorator(t, p, func(t *testing.T, b kitlb.Balancer, policy string) {
				if policy == "random" { // the others have their favourites
					if got := strings.Join(whom(t, b, 3000, c.tried...), " "); got != c.want {
						t.Errorf("picked %s, want %s", got, c.want)
					}
					return
				}
				for _, who := range whom(t, b, 100, c.tried...) {
					if !strings.Contains(c.want, who) {
						t.Errorf("picked %s, want one of %s", who, c.want)
					}
				}
			})
		})
	}
}

func TestDecoratorsAllocateNothing(t *testing.T) {
	for _, n := range []int{1, 40} {
		var g switches
		p := pooled(t, new(fleet), PoolConfig{Guard: g.guard}, append(inZone("a", n), inZone("b", n)...)...)
		ctx := attempt.Start(WithSession(WithKey(t.Context(), "k"), NewSession("b0")), 0)
		attempt.From(ctx).Add("b0")
		check := func(t *testing.T, b kitlb.Balancer, policy string) {
			if policy == "go-kit" {
				return
			}
			for what, f := range map[string]func(){
				"Endpoint": func() { b.Endpoint() },
				"Pick":     func() { b.(picker).Pick(t.Context()) },
				"Pick of a keyed session that was elsewhere": func() { b.(picker).Pick(ctx) },
			} {
				if got := testing.AllocsPerRun(100, f); got != 0 {
					t.Errorf("%s allocates %v times", what, got)
				}
			}
		}
		eachDecorator(t, p, check)
		for _, sl := range p.snap.Load().all {
			g.shut.Store(sl.in.ID, true)
		}
		eachDecorator(t, p, check)
	}
}

func TestDecoratorsSayWhyThereIsNobody(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{})
	eachDecorator(t, p, func(t *testing.T, b kitlb.Balancer, _ string) {
		_, want := p.Endpoints()
		if _, err := b.Endpoint(); !errors.Is(err, ErrNoEndpoints) || err.Error() != want.Error() {
			t.Errorf("error is %v, want the pool's own: %v", err, want)
		}
		if _, err := Endpoint(b)(t.Context(), nil); !errors.Is(err, ErrNoEndpoints) {
			t.Errorf("a call ends with %v", err)
		}
	})
}

// Many pick while instances come and go. It is for the race detector.
func TestDecoratorsWhileInstancesComeAndGo(t *testing.T) {
	src := newSource(append(inZone("a", 3), inZone("b", 3)...)...)
	p := NewPool(src, new(fleet).factory, PoolConfig{Explain: 4})
	defer p.Close()
	if err := p.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for name, b := range decorators(t, p, nil) {
		session := NewSession("")
		for range 4 {
			wg.Go(func() {
				for range 300 {
					if _, err := Endpoint(b)(WithSession(t.Context(), session), nil); err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
		if s, ok := b.(*Split); ok {
			wg.Go(func() {
				for i := range 300 {
					if err := s.SetPercent("some", float64(i%100)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	for i := range 50 {
		src.set(append(inZone("a", 1+i%3), inZone("b", 3-i%3)...)...)
		p.Explain()
	}
	wg.Wait()
}

func TestExplainNamesWhoChose(t *testing.T) {
	p := pooled(t, new(fleet), PoolConfig{Explain: 1}, inZone("a", 2)...)
	all := decorators(t, p, nil)
	all["go-kit's"], _ = NewSticky(p, StickyConfig{}, func(s Set) kitlb.Balancer { return kitlb.NewRandom(s, 1) })
	all["policy"], _ = NewSplit(p, SplitConfig{Parts: []Part{{"canary", 100, Zone("a")}}}, func(s Set) kitlb.Balancer { return NewMaglev(s) })
	for name, want := range map[string]string{
		"zone aware": "zone a: adaptive",
		"sticky":     "sticky: adaptive",
		"policy":     `part "canary": maglev`,
		"go-kit's":   "sticky: *lb.random",
	} {
		for range 1000 { // some explore
			if _, err := all[name].(picker).Pick(t.Context()); err != nil {
				t.Fatal(err)
			}
			if last := p.Explain(); last[0].Balancer == want {
				break
			}
		}
		if last := p.Explain(); last[0].Balancer != want || last[0].Step != "ready" || last[0].Of != 2 || last[0].Chosen == "" && name != "go-kit's" {
			t.Errorf("%s: %v, want %q", name, last[0], want)
		}
	}
	if _, err := all["sticky"].(picker).Pick(WithSession(t.Context(), NewSession("a1"))); err != nil {
		t.Fatal(err)
	}
	if last := p.Explain()[0]; last.Balancer != "sticky: session" || last.Chosen != "a1" {
		t.Errorf("a session is explained as %v", last)
	}
}

func TestDecoratorsRefuseBadPolicies(t *testing.T) {
	for _, c := range []struct {
		set    Set
		policy Policy
		want   string
	}{
		{pooled(t, new(fleet), PoolConfig{}), func(Set) kitlb.Balancer { return nil }, "returned no balancer"},
		{nil, nil, "there is no set"},
	} {
		_, err1 := NewZoneAware(c.set, ZoneConfig{Zone: "a"}, c.policy)
		_, err2 := NewSplit(c.set, SplitConfig{Parts: []Part{{"some", 1, Zone("a")}}}, c.policy)
		_, err3 := NewSticky(c.set, StickyConfig{}, c.policy)
		for i, err := range []error{err1, err2, err3} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d: error %v, want %q", i, err, c.want)
			}
		}
	}
}
