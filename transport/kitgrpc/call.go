package kitgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/internal/attempt"
)

// attemptKey is attempt.Header, as gRPC spells it. How long the caller waits is
// told by gRPC itself.
const attemptKey = "kit-attempt"

// sendAttempt tells the server which attempt of its call ctx is, if that is
// known, beside what else the call sends.
func sendAttempt(ctx context.Context) context.Context {
	chain, ok := attempt.Outgoing(ctx)
	if !ok {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, attemptKey, chain.String())
}

// sendStream is sendAttempt for streams.
func sendStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(sendAttempt(ctx), desc, cc, method, opts...)
}

// receiveAttempt returns a context that knows what sendAttempt told. What cannot
// be read is not worth failing a call for.
func receiveAttempt(ctx context.Context) (received context.Context, told bool) {
	text := metadata.ValueFromIncomingContext(ctx, attemptKey)
	if len(text) == 0 {
		return ctx, false
	}
	chain, err := attempt.ParseChain(text[0])
	if err != nil {
		return ctx, false
	}
	return attempt.WithIncoming(ctx, chain), true
}

// toldStream is a stream whose context knows what the client told of the call.
type toldStream struct {
	grpc.ServerStream

	ctx context.Context // what Context returns is the interface's, not ours to choose
}

// Context is that of the stream, and knows more.
func (s *toldStream) Context() context.Context { return s.ctx }
