package kitgrpc

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/messages"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
)

// Open opens a stream of messages from the server by a generated client's method,
// and returns it as the response of an endpoint. It returns once the server has
// taken the call, which it says by its header (Send does, before the first
// message), so that policies see a call that is turned down, and may make it again:
//
//	kitgrpc.Open(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[pb.Event], error) {
//		return client.Watch(ctx, in)
//	}, decodeEvent)
//
// Whoever leaves the stream ends it at the server.
func Open[M, T any](ctx context.Context, open func(ctx context.Context) (grpc.ServerStreamingClient[M], error), decode func(*M) (T, error)) (*transport.Stream[T], error) {
	sctx := newStreamContext(ctx)
	s, err := open(sctx)
	if err != nil {
		sctx.cancel(nil)
		return nil, FromError(ending.Seen{}.Of(ctx, err)) // io.EOF is of a request that could not be sent
	}
	return opened(sctx, s, decode)
}

// receiver is a stream of messages from the server.
type receiver[M any] interface {
	grpc.ClientStream
	Recv() (*M, error)
}

// opened is s as a stream of values, once the server has taken the call.
func opened[M, T any](ctx *streamContext, s receiver[M], decode func(*M) (T, error)) (*transport.Stream[T], error) {
	recv := s.Recv
	if header, err := s.Header(); header == nil || err != nil { // it has ended, and there may be no error in that
		m, err := s.Recv()
		if err != nil && !errors.Is(err, io.EOF) {
			ctx.cancel(nil)
			return nil, ctx.why(err)
		}
		recv = func() (*M, error) { return m, err }
	}
	out := transport.NewStream(ctx.parent, valuesOf(ctx, recv, decode)) // whoever reads is told why ctx has ended, if it is not that
	out.OnEnd(func(error) { ctx.cancel(nil) })
	return out, nil
}

// valuesOf is what recv gives, until the end of the stream.
func valuesOf[M, T any](ctx *streamContext, recv func() (*M, error), decode func(*M) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			m, err := recv()
			if errors.Is(err, io.EOF) {
				return
			}
			var v T
			if err == nil {
				v, err = decode(m)
			}
			if err != nil {
				err = ctx.why(err)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Upload sends items by a generated client's method, and returns the response; or
// the error that they yield, since the server then never has all of them. The
// sequence runs on the caller's goroutine, once there is a connection, and is
// left when the server has answered or ctx has ended, both of which it is told when
// it yields next. Once it runs, the call is not made again: its error has a
// RetryAfter that is negative.
func Upload[In, Out any](ctx context.Context, open func(context.Context, ...grpc.CallOption) (grpc.ClientStreamingClient[In, Out], error), items iter.Seq2[*In, error]) (*Out, error) {
	sctx := newStreamContext(ctx)
	defer sctx.cancel(nil)
	s, err := open(sctx)
	if err != nil {
		return nil, FromError(err)
	}
	if err := sendAll(s, items, messages.Of(ctx, messages.Sent{})); err != nil {
		return nil, &spentError{FromError(err)}
	}
	out, err := s.CloseAndRecv()
	if err != nil {
		return nil, &spentError{FromError(err)}
	}
	return out, nil
}

// sendAll sends items as long as the stream takes them. It returns what keeps one
// from being sent; how the stream ended, whoever receives is told.
func sendAll[In any](s interface{ Send(m *In) error }, items iter.Seq2[*In, error], sent *messages.Count) error {
	for m, err := range items {
		if err == nil {
			err = s.Send(m)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		sent.Add()
	}
	return nil
}

// unsendableError is why a stream ended: for something that was to be sent.
type unsendableError struct{ error }

func (e *unsendableError) Unwrap() error { return e.error }

// spentError is of a call whose messages were in part sent, and cannot be had again.
type spentError struct{ err error }

func (e *spentError) Error() string                              { return e.err.Error() }
func (e *spentError) Unwrap() error                              { return e.err }
func (e *spentError) NotSent() bool                              { return false }
func (e *spentError) RetryAfter() (after time.Duration, ok bool) { return -1, true }

// streamContext ends with its parent, as that does, or when it is cancelled.
type streamContext struct {
	context.Context

	parent context.Context
	cancel context.CancelCauseFunc
}

func newStreamContext(parent context.Context) *streamContext {
	ctx, cancel := context.WithCancelCause(parent)
	return &streamContext{ctx, parent, cancel}
}

// Err implements context.Context. An attempt that has timed out says so, and what is
// derived from it says that it was cancelled: see retry.Config.Streams.
func (c *streamContext) Err() error {
	if err := c.parent.Err(); err != nil {
		return err
	}
	return c.Context.Err()
}

// why is the error of a stream that failed with err.
func (c *streamContext) why(err error) error {
	if e, ok := errors.AsType[*unsendableError](context.Cause(c)); ok {
		return e.error
	}
	return FromError(err)
}

// Infallible is a conversion that cannot fail, for those who take one that can.
func Infallible[A, B any](convert func(A) B) func(A) (B, error) {
	return func(a A) (B, error) { return convert(a), nil }
}
