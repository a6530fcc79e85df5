package retry

import (
	"context"
	"errors"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// errResponse stands for the error of an attempt that had none, but whose
// response a Classify of the user's took for a failure.
var errResponse = errors.New("response classified as a failure")

// New returns a middleware that retries as cfg says. A cfg that Validate
// rejects is a mistake in the program, and New panics with Validate's error.
//
// The error of a call that had one attempt is that attempt's, unchanged. After
// more than one, or if the caller's context ended the call and the attempt's
// error does not say so, it is an *Error. A caller whose context has ended
// already gets that as the error, and no attempt is made.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	p := policy{cfg.withDefaults()}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			return p.call(ctx, request, next)
		}
	}
}

type policy struct{ Config }

// result is how one attempt ended.
type result struct {
	response any
	err      error
	outcome  classify.Outcome
}

// call costs one allocation if the first attempt succeeds: the attempt's
// context, which holds the timeout and the tried instances.
func (p *policy) call(ctx context.Context, request any, next endpoint.Endpoint) (any, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	att := attempt.Start(ctx, p.AttemptTimeout)
	r := p.try(att, request, next)
	if r.outcome == classify.Success {
		return r.response, r.err
	}
	return p.again(ctx, att, r, request, next)
}

// try makes one attempt. It must classify before the attempt ends: afterwards
// its context is cancelled, as if the caller had gone.
func (p *policy) try(att *attempt.Context, request any, next endpoint.Endpoint) (r result) {
	defer att.End() // also if next panics
	r.response, r.err = next(att, request)
	r.outcome = p.Classify(att, r.response, r.err)
	return r
}

// again tries until an attempt succeeds or there is a reason to stop.
func (p *policy) again(ctx context.Context, att *attempt.Context, r result, request any, next endpoint.Endpoint) (any, error) {
	var made Error
	wait := backoff{bound: p.MinBackoff, most: p.MaxBackoff}
	for {
		err := r.err
		if err == nil {
			err = errResponse
		}
		made.add(err, r.outcome != classify.NotSent)
		if !p.mayRetry(r, made.Attempts) {
			return r.response, giveUp(ctx, &made, r.err)
		}
		if made.Ended = pause(ctx, wait.next(r.outcome)); made.Ended != nil {
			return r.response, giveUp(ctx, &made, r.err)
		}
		p.OnRetry(ctx, made.Attempts+1, err)
		att = att.Next(p.AttemptTimeout)
		if r = p.try(att, request, next); r.outcome == classify.Success {
			return r.response, r.err
		}
	}
}

func (p *policy) mayRetry(r result, attempts int) bool {
	if attempts >= p.Attempts || !r.outcome.Retryable(p.Idempotent) {
		return false
	}
	_, inner := errors.AsType[*Error](r.err) // a retry below has done all of this
	return !inner
}

// giveUp returns the error of the whole call, whose last attempt ended with
// err: nil if that was a response, which then is the best there is.
func giveUp(ctx context.Context, made *Error, err error) error {
	if err == nil {
		return nil
	}
	if made.Ended == nil && ctx.Err() != nil {
		made.Ended = ended(ctx)
	}
	if made.Attempts == 1 && (made.Ended == nil || errors.Is(err, ctx.Err())) {
		return err
	}
	return made
}
