package limit

import (
	"errors"
	"fmt"
	"time"
)

// ErrExceeded is matched (errors.Is) by the error of every rejected call.
var ErrExceeded = errors.New("concurrency limit exceeded")

// ExceededError is the error of a call that was rejected. It matches
// ErrExceeded. Many calls share one: do not change it.
type ExceededError struct {
	Instance string // or Config.Name
	Limit    int    // calls at a time, when the call was rejected

	after time.Duration // 0: unknown
}

// Error names the instance and the limit.
func (e *ExceededError) Error() string {
	if e.Instance == "" {
		return fmt.Sprintf("%v: %d calls at a time", ErrExceeded, e.Limit)
	}
	return fmt.Sprintf("%v: %s takes %d calls at a time", ErrExceeded, e.Instance, e.Limit)
}

// Unwrap returns ErrExceeded.
func (e *ExceededError) Unwrap() error { return ErrExceeded }

// NotSent is true: nothing was done about the call.
func (e *ExceededError) NotSent() bool { return true }

// Rejected is true: it was turned down here, which says nothing about the
// instance.
func (e *ExceededError) Rejected() bool { return true }

// StatusCode is what a server answers: HTTP's Too Many Requests. Unlike 503 it
// says that the server is well, so that clients do not take it for broken.
func (e *ExceededError) StatusCode() int { return 429 }

// RetryAfter returns when it is worth coming again, if that is known. New's
// rejections say so, each its own time, so that those who were turned down
// together do not come again together. Each's do not: another instance may be
// tried at once.
func (e *ExceededError) RetryAfter() (after time.Duration, ok bool) {
	return e.after, e.after > 0
}
