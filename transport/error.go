package transport

import (
	"context"
	"errors"
	"net/http"

	kitratelimit "github.com/go-kit/kit/ratelimit"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/kind"
	"github.com/kitgen/kitgen/transport/internal/tree"
)

// Error is a failure as both wires carry it: what a service returns comes out
// of its client's call with the same Status, Code and Message.
//
// Two errors are the same failure if they have the same Code, so a service
// declares its errors once and its clients compare them, over any wire:
//
//	var ErrEmpty = &transport.Error{Status: 400, Code: "empty", Message: "empty string"}
//
//	errors.Is(err, ErrEmpty)
type Error struct {
	Status  int    // HTTP status, 400 to 599; that of Code if zero, else 500
	Code    string // for programs, such as "not_found"; the usual one of Status if empty
	Message string // for people; the usual text of Status if empty
}

// Error is the message.
func (e *Error) Error() string {
	if e.Message != "" {
		return e.Message
	}
	if e.Status == kind.StatusClientClosed {
		return "Client Closed Request"
	}
	if text := http.StatusText(e.StatusCode()); text != "" {
		return text
	}
	return e.ErrorCode()
}

// StatusCode is Status, or what follows from Code.
func (e *Error) StatusCode() int {
	if e.Status != 0 {
		return e.Status
	}
	k, _ := kind.Of(e.Code)
	return k.Status()
}

// ErrorCode is Code, or what follows from Status.
func (e *Error) ErrorCode() string {
	if e.Code != "" {
		return e.Code
	}
	if e.Status == 0 {
		return kind.Unknown.String()
	}
	return kind.OfStatus(e.Status).String()
}

// Is reports whether target is an *Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.ErrorCode() == e.ErrorCode()
}

// ErrorOf is err as a wire carries it, with every field filled in; nil for nil.
//
// The first error in err's tree that has StatusCode() int decides, with the code
// that it has by ErrorCode() string, or one that wraps it; the message is that of
// err itself. Otherwise a passed deadline is 504, a cancelled call 499, a call
// that could not be sent (NotSent() bool, go-kit's ErrNoEndpoints) 503, go-kit's
// ErrLimited 429, a recovered panic 500 without its text, and anything else 500
// "unknown" with its text: callers are services of the same owner, and an error
// nobody can read helps none of them.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*guard.Panic](err); ok {
		return of(kind.Internal, "panic while serving the call; the server's log has the stack")
	}
	if e, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		return stated(err, e.StatusCode())
	}
	unsent, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return of(kind.DeadlineExceeded, err.Error())
	case errors.Is(err, context.Canceled):
		return of(kind.Canceled, err.Error())
	case errors.Is(err, kitratelimit.ErrLimited):
		return of(kind.ResourceExhausted, err.Error())
	case ok && unsent.NotSent(), errors.Is(err, kitlb.ErrNoEndpoints):
		return of(kind.Unavailable, err.Error())
	}
	return of(kind.Unknown, err.Error())
}

// stated is the Error of one that names its own status.
func stated(err error, status int) *Error {
	e := &Error{Status: status, Message: err.Error()}
	if status < 400 || status > 599 {
		e.Status = http.StatusInternalServerError
	}
	// A code further in than the status is that of another failure.
	first := tree.First(err, func(err error) bool {
		_, hasStatus := err.(interface{ StatusCode() int })
		_, hasCode := err.(errorCoder)
		return hasStatus || hasCode
	})
	if c, ok := first.(errorCoder); ok {
		e.Code = c.ErrorCode()
	}
	e.Code = e.ErrorCode()
	return e
}

type errorCoder interface{ ErrorCode() string }

func of(k kind.Kind, message string) *Error {
	return &Error{Status: k.Status(), Code: k.String(), Message: message}
}
