package kitgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/kitgen/kitgen/transport/internal/draining"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
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
	// It sends at least a trailer with every status, but for those after a header.
	seen := ending.Seen{Sent: got.peer.Addr != nil, Answered: len(got.trailer) > 0, Trailer: got.trailer}
	return FromError(seen.Of(ctx, err))
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
