package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	kitratelimit "github.com/go-kit/kit/ratelimit"
)

// ErrLimited is matched (errors.Is) by the error of every rejected call. It is
// go-kit's own, so that code which asks for that keeps working.
var ErrLimited = kitratelimit.ErrLimited

// LimitedError is the error of a call that was rejected. It matches ErrLimited,
// and Err.
type LimitedError struct {
	After time.Duration // when to come again; zero if nobody knows, negative for never
	Err   error         // what ended the waiting, or why Limiter could not say; nil if the limit was reached

	unknown bool // Limiter could not say
}

// Error says why the call was rejected, and when to come again.
func (e *LimitedError) Error() string {
	switch {
	case e.unknown:
		return fmt.Sprintf("%v, perhaps: the limiter does not say: %v", ErrLimited, e.Err)
	case e.Err != nil:
		return fmt.Sprintf("%v: waiting for a turn: %v", ErrLimited, e.Err)
	case e.After > 0:
		return fmt.Sprintf("%v: come again in %v", ErrLimited, e.After)
	case e.After < 0:
		return fmt.Sprintf("%v: do not come again", ErrLimited)
	default:
		return ErrLimited.Error()
	}
}

// Unwrap returns ErrLimited, and Err if there is one.
func (e *LimitedError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrLimited}
	}
	return []error{ErrLimited, e.Err}
}

// RetryAfter returns After, and whether it is known.
func (e *LimitedError) RetryAfter() (after time.Duration, ok bool) { return e.After, e.After != 0 }

// NotSent is true: the call was not made.
func (e *LimitedError) NotSent() bool { return true }

// Rejected is true: this says nothing about whom the call would have reached.
func (e *LimitedError) Rejected() bool { return true }

// StatusCode is HTTP's Too Many Requests, or Service Unavailable if Limiter
// could not say.
func (e *LimitedError) StatusCode() int {
	if e.unknown {
		return http.StatusServiceUnavailable
	}
	return http.StatusTooManyRequests
}

// ended returns the error of a call whose context ended while it waited.
func ended(ctx context.Context) *LimitedError {
	err, cause := ctx.Err(), context.Cause(ctx)
	if !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return &LimitedError{Err: err}
}
