package classify

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// Pushback returns what err says about another attempt, by a method
//
//	RetryAfter() (after time.Duration, ok bool)
//
// anywhere in its tree: not before after has passed, and if that is negative, not
// at all. It is false if err does not say. Servers send it as Retry-After and
// grpc-retry-pushback-ms.
func Pushback(err error) (after time.Duration, ok bool) {
	if err == nil {
		return 0, false
	}
	if p, has := errors.AsType[interface {
		error
		RetryAfter() (time.Duration, bool)
	}](err); has {
		return p.RetryAfter()
	}
	return 0, false
}

// StreamEnd is what the end of a stream means that f is asked about, whose opening
// was a success: as of a call that ended so, but that a server which stops ends its
// streams and wants them again at once (a Pushback of zero), and has not failed.
func StreamEnd(f Func, ctx context.Context, response any, err error) Outcome { //nolint:revive // as in a call of f
	if after, ok := Pushback(err); ok && after == 0 {
		return Excluded
	}
	return f(ctx, response, err)
}

// Rejected reports whether a policy of this process turned the call down, as
// errors say by a method Rejected() bool. Such an error says nothing about the
// instance that would have been called.
func Rejected(err error) bool {
	r, ok := errors.AsType[interface {
		error
		Rejected() bool
	}](err)
	return ok && r.Rejected()
}

// Failers returns a Func that judges a response which is a go-kit
// endpoint.Failer by the error it carries, as if that had been returned, and
// everything else by next: for services whose business errors are not the only
// ones that travel so. A nil next is Default.
func Failers(next Func) Func {
	if next == nil {
		next = Default
	}
	return func(ctx context.Context, response any, err error) Outcome {
		if f, ok := response.(endpoint.Failer); ok && err == nil {
			err = f.Failed()
		}
		return next(ctx, response, err)
	}
}
