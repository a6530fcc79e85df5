package lb

import (
	"context"
	"errors"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// Endpoint returns an endpoint that picks an instance by b for every call. It
// works with any go-kit Balancer; one that also has the method
//
//	Pick(context.Context) (endpoint.Endpoint, error)
//
// like those of this package, is given the call's context, so that a retry
// around it excludes the instances it tried.
//
// When the picked instance turns out not to take the call, and the error says
// that nothing was sent (by the method NotSent() bool), another one is picked at
// once, as long as there is one this call has not been to: an instance that
// refuses costs no attempt. If it was a policy of this process that turned the call
// down (by the method Rejected() bool), 16 are picked at most, since turning down
// must stay cheap where all instances have as many calls as they take; and three if
// that policy is behind the guard: who has no token for one instance has none for
// the others.
func Endpoint(b kitlb.Balancer) endpoint.Endpoint {
	pick := func(context.Context) (endpoint.Endpoint, error) { return b.Endpoint() }
	if p, ok := b.(picker); ok {
		pick = p.Pick
	}
	var set Set
	if m, ok := b.(interface{ members() Set }); ok {
		set = m.members()
	}
	return func(ctx context.Context, request any) (any, error) {
		e, err := pick(ctx)
		if err != nil {
			return nil, err
		}
		response, err := e(ctx, request)
		if err == nil || !notSent(err) {
			return response, err
		}
		return again(ctx, request, pick, set, err)
	}
}

// anybody picks at random, by looking at all.
func anybody(set Set, call *attempt.Call) (endpoint.Endpoint, error) {
	p := plan{snapshot: set.current(), by: uniform{}}
	return p.pick(want{untried: call})
}

// picker is a Balancer that can be told for which call it picks.
type picker interface {
	Pick(context.Context) (endpoint.Endpoint, error)
}

// strangers is how often a balancer over a pool that is not ours is asked
// again: its size cannot be known, nor whom it picked.
const strangers = 8

// How often policies may turn a call down before nobody else is asked: guards, and
// what is behind them. The reason of the latter may be the instance's, as of a
// breaker that is part of the factory's endpoint, or the same everywhere.
const (
	rejectionsByGuards = 16
	rejectionsBehind   = 3
)

// rejections counts how often policies have turned a call down.
type rejections int

// suffice counts err, and reports whether nobody else is to be asked.
func (r *rejections) suffice(call *attempt.Call, err error) bool {
	if classify.Rejected(err) {
		*r++
	}
	return *r >= rejectionsByGuards || call.Rejections() >= rejectionsBehind
}

// again picks until a call is sent. err is what the first pick ended with.
func again(ctx context.Context, request any, pick func(context.Context) (endpoint.Endpoint, error), set Set, err error) (any, error) {
	call := attempt.From(ctx)
	if call == nil { // without a retry around, the picks of this call remember by themselves
		first := attempt.Start(ctx, 0)
		ctx, call = first, attempt.From(first)
	}
	turnedDown := rejections(0)
	for i := 1; ctx.Err() == nil && !turnedDown.suffice(call, err); i++ {
		refused, ours := errors.AsType[*notCalled](err)
		if ours && set == nil {
			set = refused.node.pool // go-kit's balancer, our pool
		}
		size := strangers
		if set != nil {
			size = set.current().callable()
		}
		switch all := call.Len() >= size; {
		case all && !ours, i > size && set == nil:
			return nil, err
		case all, i > size:
			// Bad luck: those who share go-kit's round robin draw each other's
			// turns. From here on the pool picks, by looking at all.
			pick = func(context.Context) (endpoint.Endpoint, error) { return anybody(set, call) }
		}
		e, pickErr := pick(ctx)
		if pickErr != nil {
			return nil, errors.Join(err, pickErr)
		}
		response, callErr := e(ctx, request)
		if callErr == nil || !notSent(callErr) {
			return response, callErr
		}
		err = callErr
	}
	return nil, err
}
