package attempt

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Bound is a context that ends with its parent, or at a moment of its own. It
// costs nothing that nobody asks for: the timer and the done channel are made by
// the first Done. From then on a standard context does the work, so that contexts
// derived from this one find a parent they know and start no goroutine.
//
// Whoever makes one ends it; see End.
type Bound struct {
	parent context.Context // a Bound is a context, and an attempt is one: nowhere else is a context a field
	at     time.Time       // zero: no moment of its own
	cause  error           // of the end that came at that moment
	kind   kind
	over   atomic.Bool
	std    atomic.Pointer[std] // written under mu, once

	mu   sync.Mutex // makes std once
	room std        // what std points to

	// inner is a context inside of this one that has taken this one's place: see
	// above. End ends it, too.
	inner atomic.Pointer[Bound]
}

// kind is what a Bound without a moment of its own is, and how one with such a
// moment ends.
type kind uint8

const (
	passive kind = iota // without a moment of its own, it is its parent
	ending              // it can be ended without one
	freeing             // it can be ended, and be freed of its moment while it lives
)

// std is the standard context underneath.
type std struct {
	context.Context
	cancel func()
	timer  *time.Timer // of a freeing one; nil if there is nothing to come
}

var _ context.Context = (*Bound)(nil)

// Within returns a context that ends with parent or after d, whichever is first;
// context.Cause is cause if it was d. A d of zero or less is no limit.
func Within(parent context.Context, d time.Duration, cause error) *Bound {
	return WithinFrom(time.Time{}, parent, d, cause)
}

// WithinFrom is Within for those who know what time it is.
func WithinFrom(now time.Time, parent context.Context, d time.Duration, cause error) *Bound { //nolint:revive // it reads as the sentence
	c := new(Bound)
	c.begin(parent, now, d, cause)
	return c
}

func (c *Bound) begin(parent context.Context, now time.Time, d time.Duration, cause error) {
	c.parent, c.cause = parent, cause
	switch {
	case d <= 0:
	case now.IsZero():
		c.at = time.Now().Add(d)
	default:
		c.at = now.Add(d)
	}
}

// asParent reports whether there is nothing that could end c before its parent.
func (c *Bound) asParent() bool { return c.kind == passive && c.at.IsZero() }

// End releases what the context holds and cancels what was derived from it. It
// must be called when the work is done; again, it does nothing. A context that
// has no limit holds nothing, and what was derived from it lives on until its
// parent ends.
func (c *Bound) End() {
	if c.asParent() {
		return
	}
	c.over.Store(true) // before Load: see standard
	if s := c.std.Load(); s != nil {
		s.end()
	}
	if in := c.inner.Load(); in != nil {
		if s := in.std.Load(); s != nil {
			s.end()
		}
	}
}

func (s *std) end() {
	s.cancel()
	if s.timer != nil {
		s.timer.Stop()
	}
}

// Deadline returns the earlier of its own and the parent's deadline.
func (c *Bound) Deadline() (time.Time, bool) {
	d, ok := c.parent.Deadline()
	if c.at.IsZero() || ok && d.Before(c.at) {
		return d, ok
	}
	return c.at, true
}

// Done implements context.Context.
func (c *Bound) Done() <-chan struct{} {
	if c.asParent() {
		return c.parent.Done()
	}
	return c.standard().Done()
}

// Err implements context.Context.
func (c *Bound) Err() error {
	if c.asParent() {
		return c.parent.Err()
	}
	if c.std.Load() == nil && !c.over.Load() && c.parent.Err() == nil && (c.at.IsZero() || time.Now().Before(c.at)) {
		return nil
	}
	// An error once given is given for ever, and with it its cause: from the
	// first one on, the standard context remembers both.
	s := c.standard()
	err := s.Err()
	if c.kind == freeing && err != nil && errors.Is(context.Cause(s), c.cause) {
		return context.DeadlineExceeded
	}
	return err
}

// Value implements context.Context.
func (c *Bound) Value(key any) any {
	// The standard context must be found here by package context: it is how
	// contexts derived from this one attach without a goroutine, and how
	// context.Cause learns the cause.
	if s := c.std.Load(); s != nil {
		return s.Value(key)
	}
	return c.parent.Value(key)
}

// standard returns the standard context, which the first call makes.
func (c *Bound) standard() *std {
	if s := c.std.Load(); s != nil {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.std.Load(); s != nil {
		return s
	}
	parent, outer := c.above()
	c.derive(parent)
	s := &c.room
	c.std.Store(s)
	// End stores over and loads std, this stores std and loads over: whatever
	// the order, one of the two sees the other.
	if c.over.Load() || outer != nil && outer.over.Load() {
		s.end()
	}
	return s
}

// above returns what the standard context is derived from. That is the parent,
// but where the parent is a Bound that nobody has asked for its Done, and that
// cannot end before c but by its End, it is the parent's own: a timer and all that
// goes with it are saved in every call that has a limit for each attempt and one
// for all. The parent is then returned as outer, and its End ends c.
func (c *Bound) above() (parent context.Context, outer *Bound) {
	p, ok := c.parent.(*Bound)
	if !ok || c.kind == freeing || c.at.IsZero() || p.std.Load() != nil {
		return c.parent, nil
	}
	if p.asParent() {
		return p.parent, nil
	}
	old := p.inner.Load()
	free := old == nil || old.over.Load()
	if p.kind == freeing || !p.at.IsZero() && p.at.Before(c.at) || !free || !p.inner.CompareAndSwap(old, c) {
		return c.parent, nil
	}
	return p.parent, p
}

// derive makes the standard context, in its room.
func (c *Bound) derive(parent context.Context) {
	s := &c.room
	switch late := c.at.IsZero() || c.over.Load(); { // a late question: no timer, and not the timeout's fault
	case late:
		s.Context, s.cancel = context.WithCancel(parent)
	case c.kind == freeing:
		ctx, cancel := context.WithCancelCause(parent)
		s.Context, s.cancel = ctx, func() { cancel(nil) }
		if left := time.Until(c.at); left > 0 {
			s.timer = time.AfterFunc(left, func() { cancel(c.cause) })
		} else {
			cancel(c.cause)
		}
	default:
		s.Context, s.cancel = context.WithDeadlineCause(parent, c.at, c.cause)
	}
}

// free takes the context's own moment away, if that has not come: from here on
// it ends with its parent or by End.
func (c *Bound) free() {
	if s := c.standard(); s.timer != nil {
		s.timer.Stop()
	}
}
