package ratelimit

import (
	"context"
	"time"
)

// Allower says whether a call may begin now. *rate.Limiter of x/time is one, and
// so is go-kit's AllowerFunc. It must be safe for concurrent use.
type Allower interface {
	Allow() bool
}

// Waiter returns when a call may begin, or with an error if it may not or ctx
// has ended. *rate.Limiter of x/time is one, and so is go-kit's WaiterFunc. It
// must be safe for concurrent use.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Limiter keeps limits that are shared with other processes. It must be safe for
// concurrent use.
type Limiter interface {
	// Allow decides on a call that counts against key. An error means that it
	// cannot say, because its store is out of reach or ctx has ended. It is not
	// an error that a limit is reached.
	Allow(ctx context.Context, key string) (Verdict, error)
}

// Verdict is what a Limiter says about a call.
type Verdict struct {
	Allowed    bool
	RetryAfter time.Duration // if not Allowed: when to come again; zero if nobody knows, negative for never
}

func allow(a Allower) decider {
	rejected := new(LimitedError)
	return func(context.Context, any) error {
		if !a.Allow() {
			return rejected
		}
		return nil
	}
}

func wait(w Waiter) decider {
	return func(ctx context.Context, _ any) error {
		err := w.Wait(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ended(ctx)
		default:
			return &LimitedError{Err: err}
		}
	}
}

// ask asks Limiter.
func (c Config) ask(ctx context.Context, request any) error {
	key := ""
	if c.Key != nil {
		key = c.Key(ctx, request)
	}
	asking, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	v, err := c.Limiter.Allow(asking, key)
	switch {
	case err == nil && v.Allowed:
		return nil
	case err == nil:
		return &LimitedError{After: v.RetryAfter}
	case ctx.Err() != nil: // the caller has gone: nothing is wrong with Limiter
		return ended(ctx)
	}
	c.OnError(ctx, err)
	if c.FailClosed {
		return &LimitedError{Err: err, unknown: true}
	}
	return nil
}
