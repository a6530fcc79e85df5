package attempt

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTimeout is the cause (context.Cause) of a context that ended because an
// attempt used up its own time, while the caller still waited. It also is
// context.DeadlineExceeded, and a timeout as package net understands it.
var ErrTimeout error = timeoutError{}

type timeoutError struct{}

func (timeoutError) Error() string        { return "attempt timed out" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true } // net.Error asks for it
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// TimedOut reports whether ctx ended because an attempt used up its own time,
// rather than by the caller's deadline or cancel.
func TimedOut(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), ErrTimeout)
}

// Limited reports whether ctx is an attempt that has a timeout of its own.
func Limited(ctx context.Context) bool {
	c := of(ctx)
	return c != nil && !c.deadline.IsZero()
}

// Number returns which attempt of its call ctx is: 1 for the first, 0 if ctx is
// no attempt.
func Number(ctx context.Context) int {
	if c := of(ctx); c != nil {
		return c.number
	}
	return 0
}

// Context is the context of one attempt. It costs nothing that the transport
// does not ask for: the timer and the done channel are made by the first Done.
// From then on a standard context does the work, so that contexts derived from
// this one find a parent they know and start no goroutine.
//
// Whoever starts an attempt ends it; see End.
type Context struct {
	parent   context.Context // a Context is the one place where a context is a field
	call     *Call
	number   int
	deadline time.Time // of this attempt alone; zero: none
	over     atomic.Bool
	std      atomic.Pointer[std] // written under mu, once

	mu sync.Mutex // makes std once
}

// std is the standard context underneath.
type std struct {
	context.Context
	cancel context.CancelFunc
}

var _ context.Context = (*Context)(nil)

// Start begins a logical call and returns its first attempt, which ends with
// parent or after timeout; a timeout of zero or less means none. A call inside
// an attempt of another one is a call of its own and shares nothing with it.
func Start(parent context.Context, timeout time.Duration) *Context {
	first := new(struct { // one allocation for both
		Context
		own Call
	})
	first.begin(parent, &first.own, 1, timeout)
	return &first.Context
}

// Next returns the next attempt of the same call, with time of its own.
func (c *Context) Next(timeout time.Duration) *Context {
	next := new(Context)
	next.begin(c.parent, c.call, c.number+1, timeout)
	return next
}

func (c *Context) begin(parent context.Context, call *Call, number int, timeout time.Duration) {
	c.parent, c.call, c.number = parent, call, number
	if timeout > 0 {
		c.deadline = time.Now().Add(timeout)
	}
}

// End releases what the attempt holds and cancels what was derived from it. It
// must be called when the attempt has returned; again, it does nothing. An
// attempt without a timeout holds nothing, and what was derived from it lives
// on until the caller's context ends.
func (c *Context) End() {
	if c.deadline.IsZero() {
		return
	}
	c.over.Store(true) // before Load: see standard
	if s := c.std.Load(); s != nil {
		s.cancel()
	}
}

// Deadline returns the earlier of the attempt's and the caller's deadline.
func (c *Context) Deadline() (time.Time, bool) {
	d, ok := c.parent.Deadline()
	if c.deadline.IsZero() || ok && d.Before(c.deadline) {
		return d, ok
	}
	return c.deadline, true
}

// Done implements context.Context.
func (c *Context) Done() <-chan struct{} {
	if c.deadline.IsZero() {
		return c.parent.Done()
	}
	return c.standard().Done()
}

// Err implements context.Context.
func (c *Context) Err() error {
	if c.deadline.IsZero() {
		return c.parent.Err()
	}
	if c.std.Load() == nil && !c.over.Load() && c.parent.Err() == nil && time.Now().Before(c.deadline) {
		return nil
	}
	// An error once given is given for ever, and with it its cause: from the
	// first one on, the standard context remembers both.
	return c.standard().Err()
}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	// The standard context must be found here by package context: it is how
	// contexts derived from this one attach without a goroutine, and how
	// context.Cause learns the cause.
	if s := c.std.Load(); s != nil {
		return s.Value(key)
	}
	return c.parent.Value(key)
}

// standard returns the standard context, which the first call makes.
func (c *Context) standard() *std {
	if s := c.std.Load(); s != nil {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.std.Load(); s != nil {
		return s
	}
	s := new(std)
	if c.over.Load() { // a late question: no timer, and not the timeout's fault
		s.Context, s.cancel = context.WithCancel(c.parent)
	} else {
		s.Context, s.cancel = context.WithDeadlineCause(c.parent, c.deadline, ErrTimeout)
	}
	c.std.Store(s)
	// End stores over and loads std, this stores std and loads over: whatever
	// the order, one of the two sees the other.
	if c.over.Load() {
		s.cancel()
	}
	return s
}

type contextKey struct{}

// of returns the innermost attempt that ctx is or derives from.
func of(ctx context.Context) *Context {
	if c, ok := ctx.(*Context); ok {
		return c
	}
	c, _ := ctx.Value(contextKey{}).(*Context)
	return c
}
