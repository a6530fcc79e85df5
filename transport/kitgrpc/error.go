package kitgrpc

import (
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
)

// Error is a failed call as its client sees it. It unwraps to a
// *transport.Error, so errors.Is compares codes as over HTTP; status.FromError
// and status.Code find its status.
type Error struct {
	status  *status.Status
	err     *transport.Error
	cause   error // why it ended on this side, such as context.DeadlineExceeded; may be nil
	notSent bool
	pushed  bool          // the server said when to come again
	after   time.Duration // what it said
}

// Error is the message that the server gave.
func (e *Error) Error() string { return e.err.Error() }

// GRPCStatus is the status as it came, with its details.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// StatusCode is the HTTP status of the failure: the server's own, where it
// named one, else that of the gRPC code.
func (e *Error) StatusCode() int { return e.err.StatusCode() }

// ErrorCode is the code of the failure, such as "not_found".
func (e *Error) ErrorCode() string { return e.err.ErrorCode() }

// NotSent reports whether the call certainly did not reach the server's code,
// so that it may be made again whatever it does.
func (e *Error) NotSent() bool { return e.notSent }

// RetryAfter returns when the server wants the call again, if it said so by the
// trailer grpc-retry-pushback-ms, or else by an errdetails.RetryInfo: not before
// after, at most 24 h; negative is never, which a trailer that cannot be read
// means, too.
func (e *Error) RetryAfter() (after time.Duration, ok bool) { return e.after, e.pushed }

// Unwrap gives the *transport.Error and the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.err}
	}
	return []error{e.err, e.cause}
}

// FromError turns the error of a gRPC call into an *Error; nil and what
// carries no status stay as they are. The connections of Factory have done it
// already, and knew more. By itself a status only tells from its text that there
// was no connection, which is believed for the client's own "error while
// dialing", and nothing of the trailer.
func FromError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	if end, ok := err.(*ending.Error); ok { //nolint:errorlint // nobody wraps it
		e := newError(end.Status)
		e.cause, e.notSent = end.Cause, end.NotSent
		if end.Pushed {
			e.after, e.pushed = end.After, true
		}
		return e
	}
	st, ok := status.FromError(err)
	if !ok || st.Code() == codes.OK {
		return err
	}
	e := newError(st)
	e.notSent = saysNotSent(st)
	return e
}

// newError knows what st says by itself.
func newError(st *status.Status) *Error {
	e := &Error{status: st, err: fromStatus(st)}
	e.after, e.pushed = retryInfo(st)
	return e
}
