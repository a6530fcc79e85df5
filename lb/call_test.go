package lb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

func TestCallIsCountedFromBeginToEnd(t *testing.T) {
	for name, guard := range map[string]func(string) (endpoint.Middleware, func() bool){
		"plain": nil,
		"guarded": func(string) (endpoint.Middleware, func() bool) {
			return func(endpoint.Endpoint) endpoint.Endpoint {
				return func(context.Context, any) (any, error) { t.Error("the guard saw a call"); return nil, nil }
			}, func() bool { return true }
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := start(t, newSource(at("a")...), &fleet{}, PoolConfig{Guard: guard})
				e := Endpoint(NewAdaptive(p, AdaptiveConfig{}))
				var c Call
				att := attempt.Start(t.Context(), 0)
				if err := c.Begin(att, e); err != nil || c.Instance() != "a" || c.Closer() == nil || !attempt.From(att).Tried("a") {
					t.Fatalf("begun at %q, %v", c.Instance(), err)
				}
				time.Sleep(3 * time.Millisecond)
				if n := p.Nodes()[0]; n.InFlight != 1 || n.Calls != 0 {
					t.Errorf("under way: %+v", n)
				}
				c.End(att, nil, nil)
				c.End(att, nil, errors.New("again"))
				if n := p.Nodes()[0]; n.InFlight != 0 || n.Calls != 1 || n.Failures != 0 || n.Latency != 3*time.Millisecond {
					t.Errorf("ended: %+v", n)
				}
				if err := c.Begin(att, e); err != nil {
					t.Fatal(err)
				}
				c.End(att, nil, errors.New("no"))
				if n := p.Nodes()[0]; n.Calls != 2 || n.Failures != 1 {
					t.Errorf("failed: %+v", n)
				}
			})
		})
	}
}

func TestCallThatCannotBegin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(), &fleet{}, PoolConfig{})
		var c Call
		if err := c.Begin(t.Context(), Endpoint(NewAdaptive(p, AdaptiveConfig{}))); !errors.Is(err, ErrNoEndpoints) || c.Instance() != "" || c.Closer() != nil {
			t.Errorf("nobody there: %v", err)
		}
		c.End(t.Context(), nil, nil) // does nothing
		err := c.Begin(t.Context(), func(context.Context, any) (any, error) { return nil, nil })
		if err == nil || !strings.Contains(err.Error(), "lb.Endpoint") {
			t.Errorf("an endpoint of somebody else's: %v", err)
		}
	})
}

func TestCallHoldsALeavingConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := &fleet{}, newSource(at("a")...)
		p := start(t, src, f, PoolConfig{})
		var c Call
		if err := c.Begin(t.Context(), Endpoint(NewRoundRobin(p))); err != nil {
			t.Fatal(err)
		}
		src.set()
		synctest.Wait()
		wantCount(t, f, "a", 1, 0)
		c.End(t.Context(), nil, nil)
		synctest.Wait()
		wantCount(t, f, "a", 1, 1)
	})
}

func TestCallAllocatesNothing(t *testing.T) {
	p := fixed(t, &fleet{}, PoolConfig{Outliers: &OutlierConfig{}}, "a", "b", "c")
	e, c, ctx := Endpoint(NewAdaptive(p, AdaptiveConfig{})), new(Call), t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if err := c.Begin(ctx, e); err != nil {
			t.Fatal(err)
		}
		c.End(ctx, nil, nil)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
