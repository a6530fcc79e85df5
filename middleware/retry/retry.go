package retry

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// errResponse stands for the error of an attempt that had none, but whose
// response a Classify of the user's took for a failure.
var errResponse = errors.New("response classified as a failure")

// New returns a middleware that retries as cfg says. A cfg that Validate
// rejects is a mistake in the program, and New panics with Validate's error.
// The endpoints it wraps share its budget.
//
// The error of a call that had one attempt is that attempt's, unchanged. After
// more than one, if it was the budget or a service above that allowed no more, or
// if the caller's context ended the call and the attempt's error does not say so,
// it is an *Error. A caller whose context has ended already gets that as the
// error, and no attempt is made.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	p := &policy{Config: cfg.withDefaults(), hedge: newHedge(cfg.Hedge), start: time.Now()}
	if p.Budget == nil && !p.Unbounded {
		p.Budget = NewBudget(BudgetConfig{})
	}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			return p.call(ctx, request, next)
		}
	}
}

type policy struct {
	Config
	hedge *hedge    // nil without Config.Hedge
	start time.Time // base of the policy's clock
}

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
	// Read once, and for a clock that only counts on, which is half the price.
	now := p.start.Add(time.Since(p.start))
	p.Budget.deposit(now)
	most := p.allowed(ctx)
	var s state
	if p.hedge != nil {
		s = p.hedged(ctx, now, most, request, next)
	} else {
		att := attempt.StartWith(ctx, p.options(now, 1, most))
		r := p.try(att, request, next)
		if r.outcome == classify.Success {
			return r.response, r.err
		}
		s = state{att: att, last: r, made: 1, most: most}
	}
	if s.last.outcome == classify.Success {
		return s.last.response, s.last.err
	}
	return p.again(ctx, s, request, next)
}

// allowed returns how many attempts a call may have: no more than the services
// above would make themselves, or every layer would multiply them.
func (p *policy) allowed(ctx context.Context) int {
	if above, ok := attempt.Incoming(ctx); ok {
		return min(p.Attempts, 1+above.Left)
	}
	return p.Attempts
}

// options are those of the n-th attempt of at most so many, which begins now.
func (p *policy) options(now time.Time, n, most int) attempt.Options {
	o := attempt.Options{Timeout: p.AttemptTimeout, Now: now, Left: max(most-n, 0), Ending: p.Hedge != nil, Streams: p.Streams}
	switch {
	case p.Attempts == 1:
		o.Left = attempt.Unknown // it does not retry, and what is below may
	case p.Budget.empty(now):
		o.Left = 0
	}
	return o
}

// try makes one attempt. It must classify before the attempt ends: afterwards
// its context is cancelled, as if the caller had gone.
func (p *policy) try(att *attempt.Context, request any, next endpoint.Endpoint) (r result) {
	goesOn := false
	defer func() { // also if next panics
		if !goesOn {
			att.End()
		}
	}()
	r.response, r.err = next(att, request)
	r.outcome = p.Classify(att, r.response, r.err)
	if s, ok := r.response.(stream); ok && r.err == nil {
		goesOn = true
		if p.Streams {
			att.Free()
		}
		s.OnEnd(func(error) { att.End() })
	}
	return r
}

// stream is a response that outlives its call: lb.Stream.
type stream interface{ OnEnd(f func(err error)) }

// state is how far a call has come.
type state struct {
	att   *attempt.Context // the latest
	last  result
	other *result // of an attempt at the same time; nil if there was none
	made  int     // attempts
	most  int     // attempts it may have
}

// again tries until an attempt succeeds or there is a reason to stop.
func (p *policy) again(ctx context.Context, s state, request any, next endpoint.Endpoint) (any, error) {
	var made Error
	wait := backoff{bound: p.MinBackoff, most: p.MaxBackoff}
	if s.other != nil {
		made.add(s.other)
	}
	for {
		r := s.last
		made.add(&r)
		now := time.Now()
		after, why := p.mayRetry(now, r, s)
		if why == nil {
			made.Ended = pause(ctx, max(wait.next(r.outcome), after))
			if made.Ended != nil && costs(r.outcome) {
				p.Budget.giveBack(now)
			}
		}
		if why != nil || made.Ended != nil {
			return r.response, giveUp(ctx, &made, r.err, why)
		}
		s.att.End() // also of a response that was taken for a failure, and goes on
		s.made++
		p.OnRetry(ctx, s.made, made.last())
		s.att = s.att.NextWith(p.options(time.Now(), s.made, s.most))
		if s.last = p.try(s.att, request, next); s.last.outcome == classify.Success {
			return s.last.response, s.last.err
		}
	}
}

// giveUp returns the error of the whole call, whose last attempt ended with
// err: nil if that was a response, which then is the best there is.
func giveUp(ctx context.Context, made *Error, err, why error) error {
	if err == nil {
		return nil
	}
	if made.Ended == nil && ctx.Err() != nil {
		made.Ended = ended(ctx)
	}
	if why != errFinal { //nolint:errorlint // it is that very value, or it is to be told
		made.Reason = why
	}
	if made.Attempts == 1 && made.Reason == nil && (made.Ended == nil || errors.Is(err, ctx.Err())) {
		return err
	}
	return made
}
