package sdtest

import (
	"context"
	"errors"
	"sync"

	"github.com/kitgen/kitgen/sd"
)

// holding is a Hold under way.
type holding struct {
	c      *check
	cancel context.CancelFunc
	held   chan struct{} // closed at the first confirmation
	done   chan struct{} // closed when Hold has returned err
	err    error
}

// tries is how often Hold is called until it confirms. A Registrar never gives up:
// a registry that is busy may be late once.
const tries = 5

// start calls Hold in the background. It is ended and joined with the case.
func (c *check) start(ctx context.Context, h sd.Holder, in sd.Instance) *holding {
	ctx, cancel := context.WithCancel(ctx)
	x := &holding{c: c, cancel: cancel, held: make(chan struct{}), done: make(chan struct{})}
	var once sync.Once
	go func() {
		defer close(x.done)
		for range tries {
			x.err = h.Hold(ctx, in, func() { once.Do(func() { close(x.held) }) })
			if x.isHeld() || ctx.Err() != nil || errors.Is(x.err, sd.ErrInvalid) {
				return
			}
		}
	}()
	c.Cleanup(func() {
		cancel()
		x.ended()
	})
	return x
}

func (x *holding) isHeld() bool {
	select {
	case <-x.held:
		return true
	default:
		return false
	}
}

// hold registers in under the case's service and waits for the confirmation.
func (c *check) hold(in sd.Instance) *holding {
	c.Helper()
	return c.holdAs(c.service, in)
}

func (c *check) holdAs(service string, in sd.Instance) *holding {
	c.Helper()
	x := c.start(context.WithoutCancel(c.Context()), c.Holder(service), in)
	x.confirmed(in)
	return x
}

func (x *holding) confirmed(in sd.Instance) {
	x.c.Helper()
	late, stop := x.c.deadline()
	defer stop()
	select {
	case <-x.held:
	case <-x.done:
		x.c.broken("Hold(%+v) returned %v before it confirmed anything", in, x.err)
	case <-late:
		x.c.broken("Hold(%+v) confirmed nothing within %s", in, x.c.Patience)
	}
}

// refused waits for the Hold to return without a confirmation.
func (x *holding) refused(in sd.Instance) error {
	x.c.Helper()
	late, stop := x.c.deadline()
	defer stop()
	select {
	case <-x.held:
		x.c.broken("held was called for %+v", in)
	case <-x.done:
	case <-late:
		x.c.broken("Hold(%+v) did not return within %s", in, x.c.Patience)
	}
	if x.isHeld() { // done was ready as well
		x.c.broken("held was called for %+v", in)
	}
	return x.err
}

// leave ends the Hold and returns what it returned.
func (x *holding) leave() error {
	x.c.Helper()
	x.cancel()
	if !x.ended() {
		x.c.broken("Hold did not return within %s of the end of its ctx", x.c.Patience)
	}
	return x.err
}

// ended joins the Hold, with the usual patience.
func (x *holding) ended() bool {
	late, stop := x.c.deadline()
	defer stop()
	select {
	case <-x.done:
		return true
	case <-late:
		return false
	}
}
