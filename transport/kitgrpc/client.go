package kitgrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// Factory makes one connection for each instance (host:port) and hands it to
// newEndpoint, which may build any number of methods on it: generated stubs
// and go-kit's transport/grpc client both take a *grpc.ClientConn. The closer
// closes it, and has a method Probe, which asks the instance for its load. The
// connection is begun at once, in the background.
//
// Calls fail fast: while an instance cannot be reached, its calls fail with
// NotSent() true instead of waiting for it. Every unary call's error is an
// *Error, which knows when the server wants the call again. Under a retry, calls
// and streams tell the server by metadata (kit-attempt) which attempt they are.
// opts come last and may replace any default: no transport security
// (grpc.WithTransportCredentials), a first reconnect after 100 ms and then at
// most every 2 s, a ping after 10 s of silence during a call and 3 s for its
// answer, no proxy. A server that is not made with ServerOptions may take
// those pings for abuse if its calls last longer than half a minute.
func Factory(newEndpoint func(cc *grpc.ClientConn) endpoint.Endpoint, opts ...grpc.DialOption) kitsd.Factory {
	return func(instance string) (endpoint.Endpoint, io.Closer, error) {
		if _, _, err := net.SplitHostPort(instance); err != nil {
			return nil, nil, fmt.Errorf("instance %q: want host:port", instance)
		}
		cc, err := newClient(instance, opts...)
		if err != nil {
			return nil, nil, fmt.Errorf("instance %q: %w", instance, err)
		}
		cc.Connect()
		return newEndpoint(cc), conn{cc}, nil
	}
}

// newClient is grpc.NewClient for one address, with our defaults.
func newClient(addr string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	all := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}),
	}, opts...)
	// Last, so that it is the innermost: the other interceptors see an *Error.
	all = append(all, grpc.WithChainUnaryInterceptor(clientCalls), grpc.WithChainStreamInterceptor(sendStream))
	return grpc.NewClient("passthrough:///"+addr, all...)
}

// received is what a call got from the other side, filled in by grpc when the
// call is over.
type received struct {
	peer    peer.Peer
	trailer metadata.MD
	opts    [6]grpc.CallOption // room for those of the call, of which stubs have one, in the same allocation
}

// clientCalls turns a unary call's error into an *Error that knows whether the
// call was sent, and hands on what the server says of its load. It also tells
// the server of the attempt.
func clientCalls(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	got := new(received)
	opts = append(append(got.opts[:0], opts...), grpc.Peer(&got.peer), grpc.Trailer(&got.trailer))
	err := invoke(sendAttempt(ctx), method, req, reply, cc, opts...)
	deliver(ctx, got.trailer)
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return unwritten()
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &Error{status: st, err: fromStatus(st), cause: ended(ctx, st), notSent: got.notSent(st)}
	e.after, e.pushed = got.pushback()
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
	return &Error{status: st, err: fromStatus(st), notSent: true}
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
