package throttle

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

// New returns a middleware with one throttle, shared by all the endpoints it
// wraps: those of one service. A cfg that Validate rejects is a mistake in the
// program, and New panics with Validate's error.
func New(cfg Config) endpoint.Middleware {
	return NewThrottle(cfg).Wrap
}

// Throttle is what New makes, for those who also want its Stats. Its methods are
// safe for concurrent use. There is nothing to close.
type Throttle struct {
	cfg      Config
	begun    time.Time // all times are counted from here
	calls    window
	passed   atomic.Int64   // when a call last was let through against the odds
	coin     func() float64 // rand.Float64, but in tests
	rejected *Error
}

// NewThrottle returns a Throttle. Like New, it panics with Validate's error.
func NewThrottle(cfg Config) *Throttle {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	t := &Throttle{cfg: cfg.withDefaults(), begun: time.Now(), coin: rand.Float64, rejected: &Error{cfg.Name}}
	t.calls.start(t.cfg.Window)
	return t
}

// Wrap is the throttle as an endpoint.Middleware.
func (t *Throttle) Wrap(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		now := time.Since(t.begun)
		s := t.calls.at(now)
		s.requests.Add(1) // now, not when it has ended: a service that hangs is overloaded too
		if t.rejects(s, now) {
			s.overloads.Add(1)
			return nil, t.rejected
		}
		outcome := classify.Excluded // what a panic and runtime.Goexit leave
		defer func() { t.done(s, outcome) }()
		response, err = next(ctx, request)
		outcome = t.cfg.Classify(ctx, response, err)
		return response, err
	}
}

// rejects decides on a call that has been counted in s.
func (t *Throttle) rejects(s *slot, now time.Duration) bool {
	p := t.chance(s)
	if p <= 0 {
		return false
	}
	last := t.passed.Load()
	due := now-time.Duration(last) >= t.cfg.Trickle
	lucky := t.coin() >= p
	if !lucky && !due {
		return true
	}
	first := t.passed.CompareAndSwap(last, int64(now)) // of several for whom the trickle is due
	return !lucky && !first
}

// chance is the probability to be rejected: by what the whole window says, or by
// its last part if that says less.
func (t *Throttle) chance(s *slot) float64 {
	n := s.sums()
	if n.overloads < int64(t.cfg.MinOverloads) {
		return 0
	}
	return min(t.excess(n), t.excess(s.recent()))
}

// excess is the share of requests beyond K for each accepted one.
func (t *Throttle) excess(n sums) float64 {
	beyond := float64(n.requests) - t.cfg.K*float64(n.accepts)
	if beyond <= 0 {
		return 0
	}
	return beyond / float64(n.requests+1)
}

// done counts what became of a call that began in s. It does not ask for the
// time: the slot that is there is of the last call that began.
func (t *Throttle) done(s *slot, outcome classify.Outcome) {
	switch outcome {
	case classify.Success, classify.Fault:
		t.calls.now.Load().accepts.Add(1)
	case classify.Failure, classify.Throttled:
		t.calls.now.Load().overloads.Add(1)
	default:
		s.requests.Add(-1) // as if it had not begun
	}
}

// Stats is what a throttle remembers at one moment.
type Stats struct {
	Requests  int64   // calls that came within Window, but those that told nothing
	Accepts   int64   // calls that the service took
	Overloads int64   // calls that were turned away, by the service or by the throttle
	Chance    float64 // of the next call to be rejected
}

// Stats returns what is remembered now.
func (t *Throttle) Stats() Stats {
	s := t.calls.at(time.Since(t.begun))
	n := s.sums()
	return Stats{n.requests, n.accepts, n.overloads, t.chance(s)}
}
