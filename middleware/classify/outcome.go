package classify

import (
	"context"
	"fmt"
)

// Outcome is what the end of a call means.
type Outcome uint8

// The outcomes.
const (
	Success   Outcome = iota // the instance answered, be it with a business error
	Failure                  // the instance failed, and may have acted on the call
	Excluded                 // says nothing about the instance: the caller went away
	NotSent                  // the instance failed before it could see the call
	Throttled                // the instance turned the call down since it has too many: it is busy, not broken
	Fault                    // the instance answered that it failed: the request may be what breaks it, here as elsewhere
)

// Func classifies the end of a call that was made with ctx. It is called on the
// caller's goroutine while ctx is still in force, and must be safe for
// concurrent use.
type Func func(ctx context.Context, response any, err error) Outcome

// Retryable reports whether the call may be made once more: always if it was
// not sent, after a failure only if it is idempotent. A Throttled call is worth
// another attempt only when the server said when (see Pushback), and a Fault
// only to those who know that it passes.
func (o Outcome) Retryable(idempotent bool) bool {
	return o == NotSent || o == Failure && idempotent
}

// Failed reports whether the outcome speaks against the instance.
func (o Outcome) Failed() bool {
	return o == Failure || o == NotSent || o == Fault
}

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Excluded:
		return "excluded"
	case NotSent:
		return "not sent"
	case Throttled:
		return "throttled"
	case Fault:
		return "fault"
	default:
		return fmt.Sprintf("outcome %d", uint8(o))
	}
}
