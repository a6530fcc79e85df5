package throttle

import "errors"

// ErrThrottled is matched (errors.Is) by the error of every rejected call.
var ErrThrottled = errors.New("throttled: the service turns too many calls away")

// Error is the error of a call that was rejected. It matches ErrThrottled. It
// does not say when to come again: the next call may be let through.
type Error struct {
	Name string // of the service, from Config
}

// Error names the service.
func (e *Error) Error() string {
	if e.Name == "" {
		return ErrThrottled.Error()
	}
	return e.Name + ": " + ErrThrottled.Error()
}

// Unwrap returns ErrThrottled.
func (e *Error) Unwrap() error { return ErrThrottled }

// NotSent is true: the service saw nothing of the call.
func (e *Error) NotSent() bool { return true }

// Rejected is true: this is the answer to earlier calls, not to this one.
func (e *Error) Rejected() bool { return true }

// StatusCode is what a server answers that can do nothing about it: HTTP's
// Service Unavailable.
func (e *Error) StatusCode() int { return 503 }
