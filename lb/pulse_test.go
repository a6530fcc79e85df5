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
	cost := func(what string, low, high time.Duration) {
		t.Helper()
		if got := time.Duration(p.beat(int64(*now)).cost); got < low || got > high {
			t.Errorf("%s: a call costs %v, want %v to %v", what, got, low, high)
		}
	}
	cost("nothing is known", 0, 0)
	call(t.Context(), 10*ms, nil)
	cost("one call", 10*ms, 10*ms)
	for range 1000 {
		call(t.Context(), 20*ms, nil)
	}
	cost("20 s of slower calls", 19*ms, 20*ms)
	for range 5 {
		call(Untimed(t.Context()), 100*ms, nil)
	}
	cost("long polls", 19*ms, 20*ms)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	call(gone, 10*ms, context.Canceled)
	cost("the caller gave up", 19*ms, 20*ms)

	*now += time.Hour
	cost("nobody called", 19*ms, 20*ms)
	waiting, end := hung(t, p, t.Context())
	cost("a call has begun", 19*ms, 20*ms)
	*now += time.Second
	cost("it hangs", time.Second, time.Second)
	call(t.Context(), 20*ms, nil)
	cost("another was answered", 19*ms, 21*ms)
	end()
	<-waiting
	was := time.Duration(p.beat(int64(*now)).cost)
	waiting, end = hung(t, p, Untimed(t.Context()))
	*now += time.Second
	cost("a long poll hangs", was, was)
	end()
	<-waiting
	for range 1000 {
		call(t.Context(), 20*ms, nil)
	}
	cost("20 s of calls of 20 ms", 19*ms, 21*ms)
	for range 1000 {
		call(t.Context(), 10*ms, errors.New("down"))
	}
	cost("10 s of failures", 400*ms, time.Hour)
	for range 1000 {
		call(t.Context(), 20*ms, nil)
	}
	cost("20 s of successes", 19*ms, 21*ms)
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
	if got := p.beat(int64(*now)).fresh; math.Abs(got-0.5) > 1e-9 {
		t.Errorf("after %v it is fresh to %v, want 0.5", forgetTau, got)
	}
	waiting, end := hung(t, p, t.Context())
	if got := p.beat(int64(*now)).fresh; got != 1 {
		t.Errorf("while a call is in flight it is fresh to %v, want 1", got)
	}
	end()
	<-waiting
}

// hung begins a call that lasts until end, and says when it is over.
func hung(t *testing.T, p *pulse, ctx context.Context) (over <-chan struct{}, end func()) {
	t.Helper()
	begun, ending, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		p.feel(func(context.Context, any) (any, error) {
			close(begun)
			<-ending
			return nil, nil
		})(ctx, nil)
	}()
	<-begun
	return ended, func() { close(ending) }
}
