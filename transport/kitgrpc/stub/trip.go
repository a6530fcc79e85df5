package stub

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
)

// trip is the context of one call as it goes through gRPC, which may try by itself
// more than once. The picker notes in it where it went and how that ended, and its
// interceptor reads that when the call is over.
type trip struct {
	context.Context

	lasts bool // it may go on when the attempt that began it is over

	mu   sync.Mutex // guards what follows
	to   *conn
	seen ending.Seen // of all attempts, and the last one's trailer
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

// Deadline implements context.Context. That of an attempt is not told to the server
// of a stream, which would end it then: see kitgrpc's streams.
func (t *trip) Deadline() (deadline time.Time, ok bool) {
	if t.lasts && attempt.Limited(t.Context) {
		return time.Time{}, false
	}
	return t.Context.Deadline()
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

func (t *trip) ended(info balancer.DoneInfo) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen.Sent = t.seen.Sent || info.BytesSent
	t.seen.Answered = t.seen.Answered || info.BytesReceived
	t.seen.Trailer = info.Trailer
}

// destination is where the call went; nil if it did not.
func (t *trip) destination() *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.to
}

// unary makes a unary call.
func (t *trip) unary(method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts []grpc.CallOption) error {
	var to peer.Peer // gRPC knows where it went, also if another balancer sent it there
	err := invoke(t, method, req, reply, cc, append(slices.Clip(opts), grpc.Peer(&to))...)
	return t.fail(err, to.Addr != nil)
}

// fail turns the error of the call, for which there was a stream or not, into what
// policies understand.
func (t *trip) fail(err error, sent bool) error {
	if err == nil {
		return nil
	}
	t.mu.Lock()
	seen := t.seen
	if t.to == nil { // who picked has not said
		seen.Answered = true
	}
	t.mu.Unlock()
	seen.Sent = seen.Sent || sent
	return kitgrpc.FromError(seen.Of(t, err))
}

// ended is the error of an attempt that gRPC is done with.
func ended(ctx context.Context, info balancer.DoneInfo) error {
	if info.Err == nil {
		return nil
	}
	seen := ending.Seen{Sent: info.BytesSent, Answered: info.BytesReceived, Trailer: info.Trailer}
	return kitgrpc.FromError(seen.Of(ctx, info.Err))
}
