package lb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
)

// late is a guard that says it is ready and then refuses, as a breaker does
// whose last probe somebody else has just taken.
type late struct {
	switches
	asked atomic.Int64
}

func (g *late) guard(id string) (endpoint.Middleware, func() bool) {
	mw, _ := g.switches.guard(id)
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		guarded := mw(next)
		return func(ctx context.Context, request any) (any, error) {
			g.asked.Add(1)
			return guarded(ctx, request)
		}
	}, nil
}

// everyBalancer is ours and go-kit's, over one pool.
func everyBalancer(p *Pool) map[string]kitlb.Balancer {
	all := balancers(p)
	all["go-kit's round robin"] = kitlb.NewRoundRobin(p)
	return all
}

// A guard that refuses costs no attempt: with three of four shut, no call
// fails, whether the pick could know it or not, and without any retry.
func TestARefusalCostsNoAttempt(t *testing.T) {
	var g switches
	var l late
	for kind, guard := range map[string]func(string) (endpoint.Middleware, func() bool){"known": g.guard, "found out late": l.guard} {
		p := fixed(t, new(fleet), PoolConfig{Guard: guard}, "a", "b", "c", "d")
		g.set("a", "b", "d")
		l.set("a", "b", "d")
		for name, b := range everyBalancer(p) {
			call := Endpoint(b)
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					for range 20 {
						if who, err := call(t.Context(), nil); err != nil || who != "c" {
							t.Errorf("%s, %s: %v answered, error %v", kind, name, who, err)
						}
					}
				})
			}
			wg.Wait()
		}
	}
}

func TestNothingIsUsable(t *testing.T) {
	boom := errors.New("boom")
	var g switches
	p := fixed(t, &fleet{serve: map[string]endpoint.Endpoint{
		"b": func(context.Context, any) (any, error) { return nil, boom },
	}}, PoolConfig{Guard: g.guard}, "a", "b", "c")
	g.set("a", "b", "c")
	for name, b := range everyBalancer(p) {
		called := map[string]int{}
		for range 300 {
			forget(p)
			who, err := Endpoint(b)(t.Context(), nil)
			called[fmt.Sprint(who, err)]++
		}
		if called["a<nil>"] == 0 || called["<nil> boom"] == 0 || called["c<nil>"] == 0 || len(called) != 3 {
			t.Errorf("%s: with every guard shut, calls ended with %v, want all three called", name, called)
		}
	}
}

// When everybody refuses late, each is asked once, and the error is returned.
func TestEverybodyRefuses(t *testing.T) {
	var l late
	p := fixed(t, new(fleet), PoolConfig{Guard: l.guard}, letters(5)...)
	l.set(letters(5)...)
	for name, b := range everyBalancer(p) {
		for what, ctx := range map[string]context.Context{"alone": t.Context(), "under a retry": attempt.Start(t.Context(), 0)} {
			l.asked.Store(0)
			if _, err := Endpoint(b)(ctx, nil); err != errShut {
				t.Errorf("%s, %s: error %v", name, what, err)
			}
			if asked := l.asked.Load(); asked < 5 || asked > 7 {
				t.Errorf("%s, %s: asked %d times, want each of 5 once, or nearly", name, what, asked)
			}
		}
	}
}

func TestProperty13TriedInstancesAreAvoidedByAll(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(5)...)
	for name, b := range everyBalancer(p) {
		call := Endpoint(b)
		for range 100 {
			ctx, seen := context.Context(attempt.Start(t.Context(), 0)), map[any]bool{}
			for range 5 {
				who, err := call(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				seen[who] = true
			}
			if len(seen) != 5 {
				t.Fatalf("%s: five attempts of one call went to %v", name, seen)
			}
			if _, err := call(ctx, nil); err != nil {
				t.Fatalf("%s: a sixth attempt found nobody: %v", name, err)
			}
		}
	}
}

func TestPickIsPreferred(t *testing.T) {
	b := &aware{}
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 1)
	if _, err := Endpoint(b)(ctx, nil); err != nil || b.got != ctx {
		t.Errorf("error %v, picked with context %v", err, b.got)
	}
}

type aware struct{ got context.Context }

func (*aware) Endpoint() (endpoint.Endpoint, error) { return nil, errors.New("not this one") }
func (a *aware) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	a.got = ctx
	return endpoint.Nop, nil
}

// Over somebody else's pool, what is not sent is sent again, but not for ever.
func TestOverAStrangersPool(t *testing.T) {
	asked := 0
	refuse := func(context.Context, any) (any, error) { asked++; return nil, fmt.Errorf("wrapped: %w", errShut) }
	_, err := Endpoint(kitlb.NewRoundRobin(kitsd.FixedEndpointer{refuse}))(t.Context(), nil)
	if !errors.Is(err, errShut) || asked != 1+strangers {
		t.Errorf("error %v after %d picks, want %d", err, asked, 1+strangers)
	}
	call := Endpoint(kitlb.NewRoundRobin(kitsd.FixedEndpointer{refuse, endpoint.Nop}))
	for range 10 {
		if _, err := call(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	asked = 0
	fail := func(context.Context, any) (any, error) { asked++; return nil, errors.New("sent and lost") }
	if _, err := Endpoint(kitlb.NewRoundRobin(kitsd.FixedEndpointer{fail}))(t.Context(), nil); err == nil || asked != 1 {
		t.Errorf("error %v after %d calls, want no repetition of what was sent", err, asked)
	}
	if _, err := Endpoint(kitlb.NewRoundRobin(kitsd.FixedEndpointer{}))(t.Context(), nil); !errors.Is(err, ErrNoEndpoints) {
		t.Errorf("error %v, want the balancer's", err)
	}
}

func TestNoPickForACallerWhoLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	b := kitlb.NewRoundRobin(kitsd.FixedEndpointer{func(context.Context, any) (any, error) {
		asked++
		cancel()
		return nil, errShut
	}})
	if _, err := Endpoint(b)(ctx, nil); err != errShut || asked != 1 {
		t.Errorf("error %v after %d calls", err, asked)
	}
}

func TestThePoolEmptiesDuringACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("a", "b")...)
		refuse := func(context.Context, any) (any, error) {
			src.set()
			time.Sleep(time.Nanosecond)
			return nil, errShut
		}
		p := start(t, src, &fleet{serve: map[string]endpoint.Endpoint{"a": refuse, "b": refuse}}, PoolConfig{})
		_, err := Endpoint(NewRandom(p))(t.Context(), nil)
		if !errors.Is(err, errShut) {
			t.Errorf("error %v, want why the instance was not called", err)
		}
	})
}

// An instance that leaves between pick and call is passed over, at no cost.
func TestTheInstanceLeavesBetweenPickAndCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(at("a", "b")...)
		p := start(t, src, new(fleet), PoolConfig{})
		for name, b := range everyBalancer(p) {
			src.set(at("a", "b")...)
			synctest.Wait()
			gone := nodeOf(t, p, "a")
			src.set(at("b")...)
			synctest.Wait()
			first := true
			who, err := Endpoint(between{b, func() endpoint.Endpoint {
				if first {
					first = false
					return gone.call
				}
				return nil
			}})(t.Context(), nil)
			if who != "b" || err != nil {
				t.Errorf("%s: %v answered, error %v", name, who, err)
			}
		}
	})
}

// between is a balancer that sometimes has an endpoint of its own.
type between struct {
	kitlb.Balancer
	instead func() endpoint.Endpoint
}

func (b between) Endpoint() (endpoint.Endpoint, error) {
	if e := b.instead(); e != nil {
		return e, nil
	}
	return b.Balancer.Endpoint()
}

// Our balancers work under go-kit's own retry, and our pool under its
// balancers.
func TestWithGoKitsOwnParts(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b")
	for name, b := range everyBalancer(p) {
		call := kitlb.Retry(2, time.Minute, b)
		got := map[any]int{}
		for range 200 {
			forget(p) // latencies of nothing at all differ by their noise
			who, err := call(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			got[who]++
		}
		if len(got) != 2 {
			t.Errorf("%s under go-kit's retry called %v", name, got)
		}
	}
	for _, sl := range p.snap.Load().all {
		if sl.node.calling() != 0 || sl.node.calls.Load() == 0 {
			t.Errorf("instance %s: %d calls, %d in flight", sl.node.id, sl.node.calls.Load(), sl.node.calling())
		}
	}
	empty := fixed(t, new(fleet), PoolConfig{})
	for s := empty.snap.Load(); errors.Is(s.err, errNotSynced); s = empty.snap.Load() {
		<-s.replaced
	}
	_, err := kitlb.Retry(2, time.Minute, kitlb.NewRoundRobin(empty))(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "no instance is registered") {
		t.Errorf("error %v does not say why", err)
	}
}
