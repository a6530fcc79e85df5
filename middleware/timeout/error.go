package timeout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrTooLate is matched (errors.Is) by the error of every rejected call.
var ErrTooLate = errors.New("too late to start")

// TooLateError is the error of a call that was rejected, since it could not have
// finished in time. It matches ErrTooLate and context.DeadlineExceeded.
type TooLateError struct {
	Left time.Duration // before the deadline; negative if that has passed
	Need time.Duration // what the call needs, by Config.Least or as measured
}

// Error names what is left and what is needed.
func (e *TooLateError) Error() string {
	if e.Left <= 0 {
		return fmt.Sprintf("%v: the deadline passed %v ago", ErrTooLate, -e.Left)
	}
	return fmt.Sprintf("%v: %v left before the deadline, the call needs %v", ErrTooLate, e.Left, e.Need)
}

// Is makes it match both sentinels.
func (e *TooLateError) Is(target error) bool {
	return target == ErrTooLate || target == context.DeadlineExceeded
}

// NotSent is true: nobody saw anything of the call.
func (e *TooLateError) NotSent() bool { return true }

// Rejected is true: this process turned the call down.
func (e *TooLateError) Rejected() bool { return true }

// StatusCode is HTTP's Gateway Timeout, as for any passed deadline.
func (e *TooLateError) StatusCode() int { return 504 }

// Error is the error of a call that took longer than Config.Timeout, and, with
// no Err, the cause (context.Cause) of the end of its context. It matches
// context.DeadlineExceeded, and is a timeout as package net understands it.
type Error struct {
	After time.Duration // Config.Timeout
	Err   error         // what the call ended with; nil in a cause
}

// Error names the timeout first.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("timed out after %v", e.After)
	}
	return fmt.Sprintf("timed out after %v: %v", e.After, e.Err)
}

// Unwrap returns what the call ended with.
func (e *Error) Unwrap() error { return e.Err }

// Is makes it match context.DeadlineExceeded.
func (e *Error) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout is true, as net.Error has it.
func (e *Error) Timeout() bool { return true }

// Temporary is true; net.Error asks for it.
func (e *Error) Temporary() bool { return true }

// StatusCode is HTTP's Gateway Timeout.
func (e *Error) StatusCode() int { return 504 }
