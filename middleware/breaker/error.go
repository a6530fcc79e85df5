package breaker

import (
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// ErrOpen is matched (errors.Is) by the error of every rejected call. It is
// gobreaker's own, so that code which asks for that keeps working.
var ErrOpen = gobreaker.ErrOpenState

// OpenError is the error of a call that was rejected. It matches ErrOpen. Those
// who come during the same open time share one: do not change it.
type OpenError struct {
	Instance string
	Until    time.Time // when the next call may probe the instance; earlier if the probe under way ends
}

// Error names the instance and the time of the next probe.
func (e *OpenError) Error() string {
	return fmt.Sprintf("%v: %s may be tried again at %s", ErrOpen, e.Instance, e.Until.Format("15:04:05.000"))
}

// Unwrap returns ErrOpen.
func (e *OpenError) Unwrap() error { return ErrOpen }

// NotSent is true: the instance saw nothing of the call.
func (e *OpenError) NotSent() bool { return true }

// StatusCode is what a server answers that can do nothing about it: HTTP's
// Service Unavailable.
func (e *OpenError) StatusCode() int { return 503 }

// Rejected is true: it was turned down here, which says nothing new about the
// instance.
func (e *OpenError) Rejected() bool { return true }

// RetryAfter returns how long it is until the instance may be tried again, and
// that this is known. Another instance need not be waited for.
func (e *OpenError) RetryAfter() (after time.Duration, ok bool) {
	return max(time.Until(e.Until), 0), true
}
