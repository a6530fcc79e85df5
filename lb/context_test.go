package lb

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// A long poll counts as in flight, and its failure counts, but neither how long
// it took nor that nothing was heard of it says anything.
func TestUntimedCallsCountInFlightOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var fails error
		f := &fleet{serve: map[string]endpoint.Endpoint{"a": func(ctx context.Context, _ any) (any, error) {
			time.Sleep(time.Minute)
			return nil, fails
		}}}
		p := start(t, newSource(at("a", "b")...), f, PoolConfig{})
		NewPeakEWMA(p, PeakEWMAConfig{})
		a, b := nodeOf(t, p, "a"), nodeOf(t, p, "b")
		go a.call(Untimed(t.Context()), nil)
		for range 30 { // calls to others notice silence
			time.Sleep(time.Second)
			b.call(t.Context(), nil)
		}
		if got := a.calling(); got != 1 {
			t.Errorf("%d calls in flight, want the long poll", got)
		}
		if got := a.silence.load(); got != 0 {
			t.Errorf("the silence of a long poll counts: %v ns", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if latency, peak := a.latency.load(), a.peakedAt.Load(); latency != 0 || peak != 0 || a.calls.Load() != 1 || a.calling() != 0 {
			t.Errorf("after it: latency %v, peak sampled at %v, %d calls, %d in flight; want one call and no latency", latency, peak, a.calls.Load(), a.calling())
		}
		fails = errors.New("boom")
		a.call(Untimed(t.Context()), nil)
		if a.failures.Load() != 1 || a.success() == 1 {
			t.Error("the failure of a long poll does not count")
		}
	})
}

// A context with a key is found whatever was put around it, and knows of the
// attempt that it was made in.
func TestWithKey(t *testing.T) {
	if _, ok := keyFrom(t.Context()); ok {
		t.Error("there is a key in a context without one")
	}
	ctx := WithKey(WithKey(t.Context(), "outer"), "inner")
	type other struct{}
	for _, ctx := range []context.Context{ctx, context.WithValue(ctx, other{}, 1)} {
		if w := wanted(ctx); !w.keyed || w.key != hashKey("inner") || w.untried != nil {
			t.Errorf("wanted %+v, want the inner key alone", w)
		}
	}
	inside := attempt.Start(t.Context(), 0)
	attempt.From(inside).Add("a")
	if w := wanted(WithKey(inside, "k")); !w.untried.Tried("a") {
		t.Error("the attempt around the key is lost")
	}
	around := attempt.Start(WithKey(t.Context(), "k"), 0)
	attempt.From(around).Add("b")
	if w := wanted(around); !w.keyed || !w.untried.Tried("b") {
		t.Error("the attempt inside of the key is lost")
	}
	if ctx := WithKey(t.Context(), ""); !wanted(ctx).keyed {
		t.Error("the empty key is a key")
	}
}
