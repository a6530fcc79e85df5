package kitgrpc

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport/internal/draining"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// received is what a call got from the other side, filled in by grpc when the
// call is over.
type received struct {
	peer    peer.Peer
	trailer metadata.MD
	told    toldContext
	opts    [6]grpc.CallOption // room for those of the call, of which stubs have one, in the same allocation
}

// unary turns a unary call's error into an *Error that knows whether the call
// was sent, and hands on what the server says of its load and its leaving. It
// also tells the server of the attempt.
func (c *conn) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	got := new(received)
	opts = append(append(got.opts[:0], opts...), grpc.Peer(&got.peer), grpc.Trailer(&got.trailer))
	err := invoke(c.telling.send(ctx, &got.told), method, req, reply, cc, opts...)
	c.hear(ctx, got.trailer)
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return unwritten()
	}
	return got.failure(ctx, err)
}

// hear takes note of what the server says beside its answer.
func (c *conn) hear(ctx context.Context, md metadata.MD) {
	if len(md) == 0 {
		return
	}
	deliver(ctx, md)
	if len(md[draining.Metadata]) > 0 {
		c.Tell()
	}
}

// failure is err as an *Error, if it is a status.
func (got *received) failure(ctx context.Context, err error) error {
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	if st.Code() == codes.Canceled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// An attempt that may become a stream looks to gRPC, at its end, as if it
		// had been cancelled.
		st = status.FromContextError(context.DeadlineExceeded)
	}
	e := newError(st)
	e.cause, e.notSent = ended(ctx, st), got.notSent(st)
	if after, ok := got.pushback(); ok {
		e.after, e.pushed = after, true
	}
	return e
}

// pushback is what the trailer says about coming again. Who says it more than
// once means never, as for grpc's own retry.
func (got *received) pushback() (after time.Duration, ok bool) {
	switch text := got.trailer[pushback.Trailer]; len(text) {
	case 0:
		return 0, false
	case 1:
		return pushback.Parse(text[0]), true
	}
	return pushback.Never, true
}

// unwritten is for a stream that ended before the request could be written to
// it, of which grpc-go returns a bare io.EOF instead of the status it ended
// with (grpc-go #7230). Without a request, no server has called anything.
func unwritten() *Error {
	st := status.New(codes.Unavailable, "the server ended the call before the request was written")
	e := newError(st)
	e.notSent = true
	return e
}

// ended is ctx's error where that is what st says.
func ended(ctx context.Context, st *status.Status) error {
	err := ctx.Err()
	if d, ok := ctx.Deadline(); ok && err == nil && !time.Now().Before(d) {
		err = context.DeadlineExceeded // the server's timer can be ahead of ours
	}
	if err != nil && status.FromContextError(err).Code() == st.Code() {
		return err
	}
	return nil
}

// notSent reports whether a call certainly did not reach the server's code:
// there never was a stream for it, and therefore no peer; or its stream was
// turned away, which is known from grpc-go's own text, where the server sent
// none (it sends at least a trailer with every status).
func (got *received) notSent(st *status.Status) bool {
	switch st.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return got.peer.Addr == nil || len(got.trailer) == 0 && turnedAway(st.Message())
	}
	return false
}

// turnedAway reports whether message is how grpc-go words that a stream was
// refused, or that the server was already going away. It has made such a call
// again by itself, once.
func turnedAway(message string) bool {
	switch message {
	case "stream terminated by RST_STREAM with error code: REFUSED_STREAM",
		"the stream is rejected because server is draining the connection",
		"the connection is draining":
		return true
	}
	return false
}
