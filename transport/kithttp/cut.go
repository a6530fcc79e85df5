package kithttp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/transport"
)

// Which calls are to end because the server stops.
const (
	cutNone int32 = iota
	cutStreams
	cutAll
)

// cutoff ends the calls of a server. The zero cutoff is ready.
type cutoff struct {
	level atomic.Int32
	late  atomic.Int64 // calls that were no streams and had to end

	mu    sync.Mutex // guards calls
	calls map[*cutContext]struct{}
}

// reach ends the calls up to level, now and from now on.
func (o *cutoff) reach(level int32) {
	o.level.Store(max(level, o.level.Load()))
	o.mu.Lock()
	var all []*cutContext
	for c := range o.calls {
		all = append(all, c)
	}
	o.mu.Unlock()
	for _, c := range all {
		c.check()
	}
}

func (o *cutoff) add(c *cutContext) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls == nil {
		o.calls = make(map[*cutContext]struct{})
	}
	o.calls[c] = struct{}{}
}

func (o *cutoff) remove(c *cutContext) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.calls, c)
}

// cutContext is the context of a call that its server can end, with the cause
// transport.ErrStopping. As attempt.Bound, it makes a standard context only when
// somebody waits for it, since most calls end before anybody does.
type cutContext struct {
	parent    context.Context //nolint:containedctx // it is a context itself
	cutoff    *cutoff
	streaming atomic.Bool
	cut       atomic.Bool // it was ended because the server stops
	std       atomic.Pointer[cancellable]

	mu   sync.Mutex // guards making std, and over
	over bool       // the handler has returned
}

// cancellable is the standard context underneath.
type cancellable struct {
	context.Context //nolint:containedctx // it is one

	cancel context.CancelCauseFunc
}

var _ context.Context = (*cutContext)(nil)

func (c *cutContext) begin(parent context.Context, o *cutoff) { c.parent, c.cutoff = parent, o }

// stream says that the call goes on for as long as it likes.
func (c *cutContext) stream() {
	if !c.streaming.Swap(true) {
		c.check()
	}
}

// due reports whether the call is to end.
func (c *cutContext) due() bool {
	level := c.cutoff.level.Load()
	return level >= cutAll || level == cutStreams && c.streaming.Load()
}

// check ends the call if that is due.
func (c *cutContext) check() {
	if c.due() {
		c.standard()
	}
}

// end releases what the context holds: the handler has returned.
func (c *cutContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if s := c.std.Load(); s != nil {
		c.cutoff.remove(c)
		s.cancel(nil)
	}
}

// Deadline implements context.Context.
func (c *cutContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done implements context.Context.
func (c *cutContext) Done() <-chan struct{} { return c.standard().Done() }

// Err implements context.Context.
func (c *cutContext) Err() error {
	if c.std.Load() == nil && !c.due() {
		return c.parent.Err()
	}
	return c.standard().Err()
}

// Value implements context.Context. Package context must find the standard one by
// it: see attempt.Bound.
func (c *cutContext) Value(key any) any {
	if s := c.std.Load(); s != nil {
		return s.Value(key)
	}
	return c.parent.Value(key)
}

// standard returns the standard context, which the first call makes, ended if that
// is due.
func (c *cutContext) standard() *cancellable {
	s := c.std.Load()
	if s == nil {
		s = c.newStandard()
	}
	// The level, or streaming, is stored before calls are looked for, and s before
	// they are read here: one of the two sees the other.
	if c.due() && s.Err() == nil && c.cut.CompareAndSwap(false, true) {
		if !c.streaming.Load() {
			c.cutoff.late.Add(1)
		}
		s.cancel(transport.ErrStopping)
	}
	return s
}

func (c *cutContext) newStandard() *cancellable {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.std.Load(); s != nil {
		return s
	}
	ctx, cancel := context.WithCancelCause(c.parent)
	s := &cancellable{ctx, cancel}
	if c.over {
		cancel(nil)
	} else {
		c.cutoff.add(c)
	}
	c.std.Store(s)
	return s
}
