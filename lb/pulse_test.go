package lb

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// felt returns a pulse and its clock, and what calls through it: an endpoint that
// takes a while and ends with err.
func felt(t *testing.T) (p *pulse, now *time.Duration, call func(ctx context.Context, d time.Duration, err error)) {
	t.Helper()
	now = new(time.Duration)
	*now = time.Hour
	p = &pulse{pool: &Pool{cfg: PoolConfig{Virtual: &Virtual{Now: func() time.Duration { return *now }}}.withDefaults()}}
	return p, now, func(ctx context.Context, d time.Duration, err error) {
		var next endpoint.Endpoint = func(context.Context, any) (any, error) { *now += d; return nil, err }
		if _, got := p.feel(next)(ctx, nil); !errors.Is(got, err) {
			t.Errorf("a call ends with %v, want %v", got, err)
		}
	}
}

func TestPulse(t *testing.T) {
	const ms = time.Millisecond
	p, now, call := felt(t)
	cost := func(what string, calling bool, low, high time.Duration) {
		t.Helper()
		if got := time.Duration(p.beat(int64(*now), calling).cost); got < low || got > high {
			t.Errorf("%s: a call costs %v, want %v to %v", what, got, low, high)
		}
	}
	cost("nothing is known", false, 0, 0)
	call(t.Context(), 10*ms, nil)
	cost("one call", false, 10*ms, 10*ms)
	for range 1000 {
		call(t.Context(), 20*ms, nil)
	}
	cost("20 s of slower calls", false, 19*ms, 20*ms)
	for range 5 {
		call(Untimed(t.Context()), 100*ms, nil)
	}
	cost("long polls", false, 19*ms, 20*ms)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	call(gone, 10*ms, context.Canceled)
	cost("the caller gave up", false, 19*ms, 20*ms)

	*now += time.Second
	cost("silence", true, 900*ms, 1100*ms)
	cost("silence, but nobody waits", false, 19*ms, 20*ms)
	for range 1000 {
		call(t.Context(), 10*ms, errors.New("down"))
	}
	cost("10 s of failures", false, 400*ms, time.Hour)
	for range 1000 {
		call(t.Context(), 20*ms, nil)
	}
	cost("20 s of successes", false, 19*ms, 21*ms)
}

func TestBeats(t *testing.T) {
	for _, c := range []struct {
		what     string
		a, other beat
		want     float64
	}{
		{"unknown", beat{0, 1}, beat{1, 1}, 1},
		{"the other is unknown", beat{1, 1}, beat{0, 1}, 1},
		{"fresh", beat{80, 1}, beat{10, 1}, 8},
		{"half forgotten", beat{90, 1}, beat{10, 0.5}, 3},
		{"forgotten", beat{90, 0}, beat{10, 1}, 1},
		{"better", beat{10, 1}, beat{40, 1}, 0.25},
	} {
		if got := c.a.to(c.other); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// What was learned is forgotten by half in forgetTau, unless somebody waits.
func TestPulseForgets(t *testing.T) {
	p, now, call := felt(t)
	call(t.Context(), time.Second, nil)
	*now += forgetTau
	if got := p.beat(int64(*now), false).fresh; math.Abs(got-0.5) > 1e-9 {
		t.Errorf("after %v it is fresh to %v, want 0.5", forgetTau, got)
	}
	if got := p.beat(int64(*now), true).fresh; got != 1 {
		t.Errorf("while a call is in flight it is fresh to %v, want 1", got)
	}
}
