package fallback

import (
	"context"
	"errors"
	"fmt"
)

// errResponse stands for the error of a call that had none, but whose response
// When found wanting.
var errResponse = errors.New("response found wanting")

// Error is why neither the call nor the fallback answered. It unwraps to the
// call's error alone, so that a status, or whether the call was sent, is that
// of the call, and never the fallback's, which may have gone to somebody else.
// For the same reason errors.Is does not find the fallback's: among what it is
// asked for are context.Canceled, and go-kit's ErrNoEndpoints, which would make
// the call one that was never sent.
type Error struct {
	Err      error // of the call
	Fallback error // of the fallback
}

// Error has the text of both.
func (e *Error) Error() string { return fmt.Sprintf("%v (fallback: %v)", e.Err, e.Fallback) }

// Unwrap returns the error of the call.
func (e *Error) Unwrap() error { return e.Err }

// errReserve is the cause of a call's end that left the fallback its time.
var errReserve error = reserveError{}

type reserveError struct{}

func (reserveError) Error() string        { return "the time left is the fallback's" }
func (reserveError) Is(target error) bool { return target == context.DeadlineExceeded }
