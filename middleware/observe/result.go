package observe

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Result is how a call ended.
type Result struct {
	Took     time.Duration // until it answered, or, of a stream, until that opened
	Open     time.Duration // how long the stream then was open; 0 if the response was none, else more
	Outcome  classify.Outcome
	Err      error // ErrUnfinished if the call panicked; of a stream, what it broke off with
	Response any   // may be an endpoint.Failer, with an error of the business

	// Sent and Received are how many messages of a stream this side has sent and
	// received: a client's are those of its request, and a server's those of its
	// response. What a request has beside its sequence travels before that, and is
	// counted by the client alone. 0 where there is no stream, or where it is one of
	// bytes.
	Sent, Received int
}

// Cause returns what went wrong: Err, or what a response that is an
// endpoint.Failer has instead of one. It is nil if all went well.
func (r Result) Cause() error {
	if r.Err != nil || r.Response == nil {
		return r.Err
	}
	if f, ok := r.Response.(endpoint.Failer); ok {
		return f.Failed()
	}
	return nil
}

// Status returns the HTTP status with which a server answers such a call, over
// whatever wire: 200 if nothing went wrong, else from 400 to 599, by the rules
// of transport.ErrorOf. A client that got no answer has one too: 504 after its
// deadline, 499 after its cancel, 503 for what could not be sent, else 500.
func (r Result) Status() int {
	err := r.Cause()
	if err == nil {
		return 200
	}
	if s, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		if status := s.StatusCode(); status >= 400 && status <= 599 {
			return status
		}
		return 500
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return 504
	case errors.Is(err, context.Canceled):
		return 499
	case r.Outcome == classify.NotSent, errors.Is(err, kitlb.ErrNoEndpoints):
		return 503
	}
	return 500
}

// ErrUnfinished is the error in the Result of a call that did not return,
// because it panicked or ended its goroutine. The caller never sees it.
var ErrUnfinished error = unfinished{}

type unfinished struct{}

func (unfinished) Error() string { return "the call panicked or ended its goroutine" }

// StatusCode is what a server answers after a panic.
func (unfinished) StatusCode() int { return 500 }
