package kitgrpc

import (
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/internal/attempt"
)

// attemptKey is attempt.Header, as gRPC spells it. How long the caller waits is
// told by gRPC itself.
const attemptKey = "kit-attempt"

// receiveAttempt returns a context that knows what the client told of the attempt
// that this call is. What cannot be read is not worth failing a call for.
func receiveAttempt(ctx context.Context) context.Context {
	text := metadata.ValueFromIncomingContext(ctx, attemptKey)
	if len(text) == 0 {
		return ctx
	}
	chain, err := attempt.ParseChain(text[0])
	if err != nil {
		return ctx
	}
	return attempt.WithIncoming(ctx, chain)
}

// telling is what connections send of attempts, made once: to append to a call's
// metadata costs five allocations.
type telling [3][4]context.Context

func newTelling() *telling {
	t := new(telling)
	for i := range t {
		for left := range t[i] {
			said := metadata.MD{attemptKey: {attempt.Chain{Number: i + 1, Left: left}.String()}}
			t[i][left] = metadata.NewOutgoingContext(context.Background(), said) //nolint:fatcontext // each is made of none
		}
	}
	return t
}

// send returns a context of a call that tells the server which attempt of its
// call ctx is, if that is known, beside what else the call sends. to is what
// it may be made of.
func (t *telling) send(ctx context.Context, to *toldContext) context.Context {
	chain, ok := attempt.Outgoing(ctx)
	if !ok || t == nil {
		return ctx
	}
	i, left := chain.Number-1, chain.Left
	if i < 0 || i >= len(t) || left < 0 || left >= len(t[i]) || hasMetadata(ctx) {
		return metadata.AppendToOutgoingContext(ctx, attemptKey, chain.String())
	}
	to.Context, to.told = ctx, t[i][left]
	return to
}

func hasMetadata(ctx context.Context) bool {
	_, ok := metadata.FromOutgoingContext(ctx)
	return ok
}

// toldContext is a context, to which the values of told are added.
type toldContext struct {
	context.Context

	told context.Context // holds outgoing metadata, and nothing else
}

// Value implements context.Context.
func (c *toldContext) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.told.Value(key)
}
