package classify

import (
	"context"
	"errors"
	"net"
	"syscall"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
)

// Default is the Func of those who have no other wish. The first that holds
// decides:
//
//	no error, whatever the response (an endpoint.Failer too)  Success
//	StatusCode of a business error: below 500 but 408, 429,
//	  499; also 501                                           Success
//	the caller cancelled, or its deadline passed before the
//	  attempt's timeout                                       Excluded
//	NotSent; a connection that was refused or never made; no
//	  endpoint to call                                        NotSent
//	StatusCode 429 (gRPC: ResourceExhausted)                  Throttled
//	StatusCode 499; context.Canceled by someone else          Excluded
//	StatusCode 500 (gRPC: Internal, Unknown, DataLoss)        Fault
//	the rest: timeouts, 408, 502, 503, 504, EOF, connection
//	  reset, any unknown error                                Failure
//
// A deadline is the caller's only where retry gave the attempt a timeout of its
// own; without one, the deadline is the only timeout there is, and passing it
// is a Failure. Of go-kit's lb.RetryError, the Final error counts.
func Default(ctx context.Context, _ any, err error) Outcome {
	if err == nil {
		return Success
	}
	sent := errorSent(err)
	if r, ok := errors.AsType[kitlb.RetryError](err); ok && r.Final != nil {
		err = r.Final
	}
	status := errorStatus(err)
	switch {
	case business(status):
		return Success
	case callerLeft(ctx):
		return Excluded
	case sent == no, sent == unsaid && neverConnected(err):
		return NotSent
	case status == 429:
		return Throttled
	case status == 499, errors.Is(err, context.Canceled):
		return Excluded
	case status == 500:
		return Fault
	default:
		return Failure
	}
}

// callerLeft reports whether ctx was ended by the caller, so that the error
// says nothing about the instance.
func callerLeft(ctx context.Context) bool {
	switch err := ctx.Err(); {
	case err == nil, attempt.TimedOut(ctx):
		return false
	case errors.Is(err, context.DeadlineExceeded):
		return attempt.Limited(ctx)
	default:
		return true
	}
}

// business reports whether status is an answer that any instance would give.
func business(status int) bool {
	switch status {
	case 0, 408, 429, 499:
		return false
	case 501:
		return true
	default:
		return status < 500
	}
}

// errorStatus returns the status that err carries, and 0 if it carries none.
func errorStatus(err error) int {
	if s, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		return s.StatusCode()
	}
	return 0
}

// said is what an error says about whether the call was sent.
type said uint8

const (
	unsaid said = iota
	no
	yes
)

func errorSent(err error) said {
	s, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err)
	switch {
	case !ok:
		return unsaid
	case s.NotSent():
		return no
	default:
		return yes
	}
}

// neverConnected recognises, among the errors of net and net/http, those after
// which no byte of the request can have left.
func neverConnected(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, kitlb.ErrNoEndpoints) {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op == "dial" || op.Op == "proxyconnect" // the latter is net/http's
	}
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}
