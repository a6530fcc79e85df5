package stub

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport/internal/pushback"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// trip is the context of one call as it goes through gRPC, which may try by itself
// more than once. The picker notes in it where it went and how that ended, and its
// interceptor reads that when the call is over.
type trip struct {
	context.Context

	mu      sync.Mutex // guards what follows
	to      *conn
	sent    bool // an attempt may have reached a server
	trailer metadata.MD
}

type tripKey struct{}

// newTrip returns the context of a call. What it tells the server of the attempts
// is as with kitgrpc.Factory. Without a retry around, gRPC's own does not go to an
// instance twice.
func newTrip(ctx context.Context) *trip {
	if chain, ok := attempt.Outgoing(ctx); ok {
		ctx = metadata.AppendToOutgoingContext(ctx, attemptKey, chain.String())
	}
	if attempt.From(ctx) == nil {
		ctx = attempt.Start(ctx, 0)
	}
	return &trip{Context: ctx}
}

const attemptKey = "kit-attempt" // attempt.Header, as gRPC spells it

// Value implements context.Context.
func (t *trip) Value(key any) any {
	if key == (tripKey{}) {
		return t
	}
	return t.Context.Value(key)
}

// tripOf returns the trip that ctx is of; nil if there is none.
func tripOf(ctx context.Context) *trip {
	t, _ := ctx.Value(tripKey{}).(*trip)
	return t
}

func (t *trip) goes(to *conn) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to = to
}

func (t *trip) ended(sent bool, trailer metadata.MD) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = t.sent || sent
	t.trailer = trailer
}

// destination is where the call went; nil if it did not.
func (t *trip) destination() *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.to
}

// fail turns the error of the call into what policies understand.
func (t *trip) fail(err error) error {
	if err == nil {
		return nil
	}
	t.mu.Lock()
	sent, trailer := t.sent, t.trailer
	t.mu.Unlock()
	return failureOf(t, err, sent, trailer)
}

// ended is the error of an attempt that gRPC is done with.
func ended(ctx context.Context, info balancer.DoneInfo) error {
	if info.Err == nil {
		return nil
	}
	return failureOf(ctx, info.Err, info.BytesSent, info.Trailer)
}

// plainError is what a failure is in the first place; a field named Error would
// hide the method.
type plainError = kitgrpc.Error

// failure is a *kitgrpc.Error with what only those know who saw the call.
type failure struct {
	*plainError

	notSent bool
	pushed  bool // the server said when to come again
	after   time.Duration
	cause   error // why it ended on this side; may be nil
}

func failureOf(ctx context.Context, err error, sent bool, trailer metadata.MD) error {
	if errors.Is(err, io.EOF) { // instead of a status, if the stream ended before the request was written: grpc-go #7230
		err, sent = status.Error(codes.Unavailable, "the server ended the call before the request was written"), false
	}
	e, ok := errors.AsType[*kitgrpc.Error](kitgrpc.FromError(err))
	if !ok {
		return err
	}
	f := &failure{plainError: e, cause: causeOf(ctx, e.GRPCStatus())}
	f.notSent = e.NotSent() || neverCame(e.GRPCStatus(), sent, trailer)
	f.after, f.pushed = pushed(trailer)
	return f
}

// neverCame reports whether a call certainly did not reach the server's code: there
// never was a stream for it, or that was turned away.
func neverCame(st *status.Status, sent bool, trailer metadata.MD) bool {
	switch st.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return !sent || len(trailer) == 0 && turnedAway(st.Message())
	}
	return false
}

// turnedAway reports whether gRPC says, in its own words, that a stream was
// refused, or that the server was already going away.
func turnedAway(message string) bool {
	switch message {
	case "stream terminated by RST_STREAM with error code: REFUSED_STREAM",
		"the stream is rejected because server is draining the connection",
		"the connection is draining":
		return true
	}
	return false
}

// pushed is what the trailer says about coming again. Who says it more than once
// means never.
func pushed(trailer metadata.MD) (after time.Duration, ok bool) {
	switch text := trailer[pushback.Trailer]; len(text) {
	case 0:
		return 0, false
	case 1:
		return pushback.Parse(text[0]), true
	}
	return pushback.Never, true
}

// causeOf is ctx's error where that is what st says.
func causeOf(ctx context.Context, st *status.Status) error {
	err := ctx.Err()
	if d, ok := ctx.Deadline(); ok && err == nil && !time.Now().Before(d) {
		err = context.DeadlineExceeded // the server's timer can be ahead of ours
	}
	if err != nil && status.FromContextError(err).Code() == st.Code() {
		return err
	}
	return nil
}

// NotSent reports whether the call certainly did not reach the server's code.
func (f *failure) NotSent() bool { return f.notSent }

// RetryAfter returns when the server wants the call again, if it said so.
func (f *failure) RetryAfter() (after time.Duration, ok bool) { return f.after, f.pushed }

// Unwrap gives the *kitgrpc.Error and the cause.
func (f *failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.plainError}
	}
	return []error{f.plainError, f.cause}
}
