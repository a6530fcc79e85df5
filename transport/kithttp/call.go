package kithttp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport/internal/decimal"
)

// timeoutHeader carries how long the caller still waits, in whole milliseconds.
// It is relative, as gRPC's grpc-timeout is, since clocks differ.
const timeoutHeader = "Kit-Timeout-Ms"

// maxTimeout is the longest that a caller is believed to wait.
const maxTimeout = 24 * time.Hour

var (
	_ httptransport.RequestFunc = SendCall
	_ httptransport.RequestFunc = ReceiveCall
)

// SendCall tells the server what it should know of the call: how long its
// caller still waits (Kit-Timeout-Ms, if ctx has a deadline) and which attempt
// it is (Kit-Attempt, under a retry or in a service whose own caller said so; not
// with a first attempt that two or more may follow, which restricts nobody), so
// that the server neither works for nobody nor retries what is retried above it.
// NewEndpoint does it by itself; with go-kit's client it is a ClientBefore, but
// not for responses that are read as streams after the deadline of an attempt
// that began them. It returns ctx.
func SendCall(ctx context.Context, r *http.Request) context.Context {
	sendCall(ctx, r.Header, new([2]string))
	return ctx
}

// sendCall puts the values of its headers into room.
func sendCall(ctx context.Context, h http.Header, room *[2]string) {
	deadline, ok := ctx.Deadline()
	sendDeadline(deadline, ok, h, room)
	sendChain(ctx, h, room)
}

func sendDeadline(deadline time.Time, ok bool, h http.Header, room *[2]string) {
	if ok {
		// At least 1: where no time is left, the call fails here by itself.
		room[0] = strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10)
		h[timeoutHeader] = room[0:1:1]
	}
}

func sendChain(ctx context.Context, h http.Header, room *[2]string) {
	if chain, ok := attempt.Outgoing(ctx); ok {
		room[1] = chain.String()
		h[attempt.Header] = room[1:2:2]
	}
}

// ReceiveCall returns a context that knows what SendCall told of the call. It
// ends when the caller stops waiting; its cause (context.Cause) then says that
// it was the caller's deadline. NewServer does it by itself; with go-kit's
// server it is a ServerBefore.
//
// A Kit-Timeout-Ms of zero or less says that the time is up already, one of
// more than a day is a day, and what is no decimal number is ignored, as is a
// Kit-Attempt that cannot be read: neither is worth failing a call for. The
// context holds a timer only if somebody waits for its Done, and at most until
// the request's own context ends, which for net/http is when the handler
// returns.
func ReceiveCall(ctx context.Context, r *http.Request) context.Context {
	if text := r.Header[attempt.Header]; len(text) > 0 {
		if chain, err := attempt.ParseChain(text[0]); err == nil {
			ctx = attempt.WithIncoming(ctx, chain)
		}
	}
	left, ok := timeLeft(r.Header)
	switch {
	case !ok:
		return ctx
	case left == 0: // for Within, that is no limit
		ctx, cancel := context.WithTimeoutCause(ctx, 0, errDeadline)
		cancel()
		return ctx
	}
	return attempt.Within(ctx, left, errDeadline)
}

// timeLeft is how long the caller waits, 0 to maxTimeout, and whether it says.
func timeLeft(h http.Header) (left time.Duration, ok bool) {
	text := h[timeoutHeader]
	if len(text) == 0 {
		return 0, false
	}
	n, ok := decimal.Parse(text[0])
	return time.Duration(min(max(n, 0), maxTimeout.Milliseconds())) * time.Millisecond, ok
}

// boundTimeout has nobody wait for longer than most; negative, callers are not
// heard.
func boundTimeout(h http.Header, most time.Duration) {
	left, ok := timeLeft(h)
	switch {
	case most < 0:
		delete(h, timeoutHeader)
	case ok && left > most:
		h[timeoutHeader] = []string{strconv.FormatInt(max(most.Milliseconds(), 1), 10)}
	}
}

// errDeadline is the cause of the end of a call whose caller stopped waiting.
var errDeadline error = deadlineError{}

type deadlineError struct{}

func (deadlineError) Error() string        { return "the caller's deadline has passed" }
func (deadlineError) Timeout() bool        { return true }
func (deadlineError) Temporary() bool      { return true } // net.Error asks for it
func (deadlineError) Is(target error) bool { return target == context.DeadlineExceeded }

// tooLate reports whether nobody waits any more for a call that begins now.
func tooLate(ctx context.Context) bool {
	return ctx.Err() != nil && errors.Is(context.Cause(ctx), errDeadline)
}
