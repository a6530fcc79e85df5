package bulkhead

import (
	"context"
	"errors"
	"fmt"
)

// ErrFull is matched (errors.Is) by the error of every call that found no room.
var ErrFull = errors.New("bulkhead is full")

// FullError is the error of a call that found no room. It matches ErrFull, and
// the error of the caller's context if that ended the waiting.
type FullError struct {
	InFlight int   // how many calls may be under way
	Ended    error // context.Canceled or DeadlineExceeded (wrapped with its cause) if that ended the waiting, else nil

	why string
}

// Error says how many calls were under way and what ended the waiting.
func (e *FullError) Error() string {
	return fmt.Sprintf("%v: %d in flight, %s", ErrFull, e.InFlight, e.why)
}

// Unwrap returns ErrFull, and Ended if there is one.
func (e *FullError) Unwrap() []error {
	if e.Ended == nil {
		return []error{ErrFull}
	}
	return []error{ErrFull, e.Ended}
}

// NotSent is true: the call was not made.
func (e *FullError) NotSent() bool { return true }

// Rejected is true: this says nothing about whom the call would have reached.
func (e *FullError) Rejected() bool { return true }

// StatusCode is what a server answers that can do nothing about it: HTTP's
// Service Unavailable.
func (e *FullError) StatusCode() int { return 503 }

// ended returns the error of a call that waited until ctx ended.
func (b *Bulkhead) ended(ctx context.Context) *FullError {
	err, cause := ctx.Err(), context.Cause(ctx)
	if !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return &FullError{b.full.InFlight, err, err.Error() + " while waiting"}
}
