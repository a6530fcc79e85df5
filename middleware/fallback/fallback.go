package fallback

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// New returns a middleware that lets cfg.Fallback answer calls that fail. A call
// that succeeds costs no allocation, or one if it has a deadline and
// cfg.Reserve is set. A cfg that Validate rejects is a mistake in the program,
// and New panics with Validate's error.
//
// If the fallback fails too, the error is an *Error, unless the fallback's own
// wraps the call's and so tells of both. A response that was found wanting
// comes back then, without an error: it is the best there is.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	p := policy{cfg.withDefaults()}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			response, err := p.first(ctx, request, next)
			if !p.When(ctx, response, err) {
				return response, err
			}
			return p.second(ctx, request, response, err)
		}
	}
}

type policy struct{ Config }

// first makes the call, within the time that is its own.
func (p *policy) first(ctx context.Context, request any, next endpoint.Endpoint) (any, error) {
	if p.Reserve == 0 {
		return next(ctx, request)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return next(ctx, request)
	}
	left := time.Until(deadline)
	if left <= 0 {
		return next(ctx, request)
	}
	own := attempt.Within(ctx, left-min(p.Reserve, left/2), errReserve)
	streaming := false
	defer func() { // also if next panics
		if !streaming {
			own.End()
		}
	}()
	response, err := next(own, request)
	if s, ok := response.(interface{ OnEnd(f func(err error)) }); ok && err == nil { // it outlives its call, as lb.Stream describes
		s.OnEnd(func(error) { own.End() })
		streaming = true
	}
	return response, err
}

// second lets the fallback answer for a call that ended with response and err.
func (p *policy) second(ctx context.Context, request, response any, err error) (any, error) {
	if err == nil {
		if better, failed := p.Fallback(ctx, request, errResponse); failed == nil {
			return better, nil
		}
		return response, nil
	}
	other, failed := p.Fallback(ctx, request, err)
	switch {
	case failed == nil, errors.Is(failed, err):
		return other, failed
	default:
		return other, &Error{Err: err, Fallback: failed}
	}
}
