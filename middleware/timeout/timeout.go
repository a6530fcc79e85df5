package timeout

import (
	"context"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// New returns a middleware that bounds how long a call takes. It costs one
// allocation, or none if the caller's deadline is sooner; a timer only if
// somebody waits for the context. A cfg that Validate rejects is a mistake in
// the program, and New panics with Validate's error.
//
// A call that Config.Timeout ended returns an *Error, one that was not started a
// *TooLateError, and any other what it ended with. An answer that arrives late
// is an answer: a response, and an error of the business, come back as they are.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	p := &policy{Config: cfg.withDefaults(), start: time.Now()}
	p.cause = &Error{After: p.Timeout}
	if p.Measured {
		p.took = newEstimate()
	}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			return p.call(ctx, request, next)
		}
	}
}

type policy struct {
	Config
	start time.Time // base of a clock that only counts on, which is half the price of time.Now
	cause *Error
	took  *estimate // nil if not Measured
}

func (p *policy) call(ctx context.Context, request any, next endpoint.Endpoint) (response any, err error) {
	begin, limited := p.took.begin(), p.Timeout > 0
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if err := p.admit(left, begin); err != nil {
			return nil, err
		}
		limited = limited && left > p.Timeout
	}
	if limited {
		response, err = p.bounded(ctx, request, next)
	} else {
		response, err = next(ctx, request)
	}
	p.took.done(begin, err)
	return response, err
}

// admit returns why a call that has the time left must not start at now.
func (p *policy) admit(left, now time.Duration) error {
	if left <= 0 || left < p.Least {
		return &TooLateError{Left: left, Need: p.Least}
	}
	if need := p.took.need(now); left < need && !p.took.probes(now) {
		return &TooLateError{Left: left, Need: need}
	}
	return nil
}

// bounded makes a call that has Config.Timeout and no more.
func (p *policy) bounded(ctx context.Context, request any, next endpoint.Endpoint) (any, error) {
	bound := attempt.WithinFrom(p.start.Add(time.Since(p.start)), ctx, p.Timeout, p.cause)
	streaming := false
	defer func() { // also if next panics
		if !streaming {
			bound.End()
		}
	}()
	response, err := next(bound, request)
	if s, ok := response.(interface{ OnEnd(f func(err error)) }); ok && err == nil {
		s.OnEnd(func(error) { bound.End() })
		streaming = true
	}
	if err != nil && p.ended(bound) && classify.Default(bound, nil, err) != classify.Success {
		return response, &Error{After: p.Timeout, Err: err}
	}
	return response, err
}

// ended reports whether it was Config.Timeout that ended ctx.
func (p *policy) ended(ctx context.Context) bool {
	return ctx.Err() != nil && context.Cause(ctx) == p.cause //nolint:errorlint // a timeout further in is another *Error
}
