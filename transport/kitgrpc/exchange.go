package kitgrpc

import (
	"context"
	"io"
	"iter"
	"sync"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/messages"
	"github.com/kitgen/kitgen/transport"
)

// Exchange is Upload and Open at once, for methods that go both ways. items runs on
// a goroutine of its own, since the caller reads meanwhile. When the stream ends, also
// since the caller has left it, a Send that waits returns, the sequence is told, and
// its goroutine has ended by the time the caller goes on, or soon after where it is
// ctx that has ended; unless it is the sequence that waits for something. Nobody can
// interrupt that, so it is not waited for: it ends by itself, or at the next item. A
// sequence that waits should therefore wait for ctx as well, and whoever gave it one
// to end cancels that. Once it is told, it returns, and waits for nobody: the caller
// may be waiting for it.
func Exchange[In, Out, T any](
	ctx context.Context,
	open func(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[In, Out], error),
	items iter.Seq2[*In, error],
	decode func(*Out) (T, error),
) (*transport.Stream[T], error) {
	sctx := newStreamContext(ctx)
	s, err := open(sctx)
	if err != nil {
		sctx.cancel(nil)
		return nil, FromError(err)
	}
	c := &courier[In]{to: s, done: make(chan struct{})}
	go c.run(sctx, items, messages.Of(ctx, messages.Sent{}))
	out, err := opened(sctx, s, decode)
	if err != nil { // and the context has ended
		c.leave()
		return nil, &spentError{err}
	}
	out.OnEnd(func(error) { c.leave() })
	return out, nil
}

// courier sends what a sequence yields, while somebody else receives.
type courier[In any] struct {
	to interface {
		Send(m *In) error
		CloseSend() error
	}
	done chan struct{} // closed when it has ended

	mu   sync.Mutex // guards what follows
	away bool       // in the sequence, whose code may take for ever
	left bool       // nothing is to be sent any more
}

func (c *courier[In]) run(ctx *streamContext, items iter.Seq2[*In, error], sent *messages.Count) {
	defer close(c.done)
	if !c.goAway() {
		return
	}
	err := sendAll(c, items, sent)
	if c.comeBack(); err != nil {
		ctx.cancel(&unsendableError{err}) // whoever receives is told
		return
	}
	_ = c.to.CloseSend() // likewise
}

// Send is the stream's, and io.EOF once nothing is to be sent any more.
func (c *courier[In]) Send(m *In) error {
	if !c.comeBack() {
		return io.EOF
	}
	err := c.to.Send(m)
	if err == nil && !c.goAway() {
		return io.EOF
	}
	return err
}

// goAway is called before the sequence runs on, which it may if that is true.
func (c *courier[In]) goAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = !c.left
	return c.away
}

// comeBack is called when the sequence has yielded or ended, and reports whether
// there is anything to be done about it.
func (c *courier[In]) comeBack() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = false
	return !c.left
}

// leave is called once the context of the stream has ended. It waits for the
// courier, unless that is in the sequence.
func (c *courier[In]) leave() {
	c.mu.Lock()
	c.left = true
	away := c.away
	c.mu.Unlock()
	if !away {
		<-c.done
	}
}
