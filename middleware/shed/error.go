package shed

import (
	"errors"
	"time"
)

// ErrOverloaded is matched (errors.Is) by the error of every call that was
// turned away.
var ErrOverloaded = errors.New("overloaded")

// OverloadedError is the error of a call that was turned away. It matches
// ErrOverloaded. Many calls share one: do not change it.
type OverloadedError struct {
	after time.Duration
}

// Error says that the server is overloaded.
func (e *OverloadedError) Error() string { return ErrOverloaded.Error() + ": call shed" }

// Unwrap returns ErrOverloaded.
func (e *OverloadedError) Unwrap() error { return ErrOverloaded }

// NotSent is true: nothing was done about the call.
func (e *OverloadedError) NotSent() bool { return true }

// Rejected is true: it was turned down here.
func (e *OverloadedError) Rejected() bool { return true }

// StatusCode is what a server answers: HTTP's Too Many Requests. After a 503,
// clients would take the instance for broken, and open their breakers.
func (e *OverloadedError) StatusCode() int { return 429 }

// RetryAfter returns when it is worth coming again: after the shares have been
// thought over about twice. Each call is told its own time, since those who are
// told the same time come again together, and are too many together.
func (e *OverloadedError) RetryAfter() (after time.Duration, ok bool) { return e.after, true }
