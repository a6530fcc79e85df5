package kitgrpc

import (
	"context"
	"io"
	"iter"
	"testing"
	"testing/synctest"
)

// pipe is a stream whose messages are taken when its test says so.
type pipe struct {
	ctx   context.Context // what Send is interrupted by
	taken chan *int
}

func (p *pipe) CloseSend() error { return nil }

func (p *pipe) Send(m *int) error {
	select {
	case p.taken <- m:
		return nil
	case <-p.ctx.Done():
		return io.EOF
	}
}

// TestWhoLeavesWaitsForTheSender: but for the sequence, which may wait for ever.
func TestWhoLeavesWaitsForTheSender(t *testing.T) {
	endless := func(yield func(*int, error) bool) {
		for yield(new(int), nil) {
		}
	}
	for name, tt := range map[string]struct {
		items func(waits <-chan struct{}) iter.Seq2[*int, error]
		read  int  // before it is left
		joins bool // before the sequence ends by itself
	}{
		"in Send":              {func(<-chan struct{}) iter.Seq2[*int, error] { return endless }, 2, true},
		"at the end":           {func(<-chan struct{}) iter.Seq2[*int, error] { return func(func(*int, error) bool) {} }, 0, true},
		"in the sequence":      {func(waits <-chan struct{}) iter.Seq2[*int, error] { return slow(waits) }, 1, false},
		"in its first element": {func(waits <-chan struct{}) iter.Seq2[*int, error] { return slow(waits) }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := newStreamContext(t.Context())
				p := &pipe{ctx, make(chan *int)}
				c := &courier[int]{to: p, done: make(chan struct{})}
				waits := make(chan struct{})
				if tt.read > 0 && !tt.joins {
					go func() { waits <- struct{}{} }()
				}
				ended := false
				go c.run(ctx, func(yield func(*int, error) bool) {
					tt.items(waits)(yield)
					ended = true // without a lock: whoever waits for it sees it
				}, nil)
				for range tt.read {
					<-p.taken
				}
				synctest.Wait()
				ctx.cancel(nil)
				c.leave()
				if tt.joins && !ended {
					t.Error("the sender goes on")
				}
				close(waits)
				<-c.done
				if !ended {
					t.Error("it never ended")
				}
			})
		})
	}
}

// slow yields when somebody sends, or closes, what it waits for.
func slow(waits <-chan struct{}) iter.Seq2[*int, error] {
	return func(yield func(*int, error) bool) {
		for {
			<-waits
			if !yield(new(int), nil) {
				return
			}
		}
	}
}

// TestASenderThatIsLeftBeforeItBegins does not begin.
func TestASenderThatIsLeftBeforeItBegins(t *testing.T) {
	ctx := newStreamContext(t.Context())
	ctx.cancel(nil)
	c := &courier[int]{to: &pipe{ctx: ctx}, done: make(chan struct{}), left: true}
	c.run(ctx, func(func(*int, error) bool) { t.Error("it runs") }, nil)
}
