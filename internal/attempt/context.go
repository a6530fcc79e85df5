package attempt

import (
	"context"
	"errors"
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
	return c != nil && !c.at.IsZero()
}

// Number returns which attempt of its call ctx is: 1 for the first, 0 if ctx is
// no attempt.
func Number(ctx context.Context) int {
	if c := of(ctx); c != nil {
		return c.number
	}
	return 0
}

// Context is the context of one attempt: a Bound that knows its call.
type Context struct {
	Bound

	call   *Call
	number int
	left   int
}

var _ context.Context = (*Context)(nil)

// Options say more about the attempts of a call.
type Options struct {
	Timeout time.Duration // of each attempt; none if zero or negative
	Now     time.Time     // when it begins; read from the clock if zero
	Left    int           // how many attempts may follow this one; Unknown of those who do not retry
	Ending  bool          // End cancels an attempt that has no timeout, too
	Streams bool          // an attempt can be freed of its timeout while it lives: see Free
}

// Start begins a logical call and returns its first attempt, which ends with
// parent or after timeout; a timeout of zero or less means none. A call inside
// an attempt of another one is a call of its own and shares nothing with it.
// What follows the attempt is not known, so the services it goes to are told
// nothing: see StartWith.
func Start(parent context.Context, timeout time.Duration) *Context {
	return StartWith(parent, Options{Timeout: timeout, Left: Unknown})
}

// Unknown is the Options.Left of those who do not retry.
const Unknown = -1

// StartWith is Start for those who will make further attempts.
func StartWith(parent context.Context, o Options) *Context {
	return new(First).Start(parent, o)
}

// First is a call and its first attempt, for those who keep them within something
// of their own. The zero First is ready. Do not copy it.
type First struct {
	attempt Context // one allocation for both
	call    Call
}

// Start is StartWith, once.
func (f *First) Start(parent context.Context, o Options) *Context {
	f.attempt.attempt(parent, &f.call, 1, &o)
	return &f.attempt
}

// NextWith returns the next attempt of the same call, with time of its own.
func (c *Context) NextWith(o Options) *Context {
	next := new(Context)
	next.attempt(c.parent, c.call, c.number+1, &o)
	return next
}

func (c *Context) attempt(parent context.Context, call *Call, number int, o *Options) {
	c.call, c.number, c.left = call, number, o.Left
	switch {
	case o.Streams:
		c.kind = freeing
	case o.Ending:
		c.kind = ending
	}
	c.begin(parent, o.Now, o.Timeout, ErrTimeout)
}

// Free takes the attempt's timeout away from what goes on after it, the body of
// a response: it then ends with the caller's context or by End. Only an attempt
// with Options.Streams can be freed. Its price: contexts that were derived from
// the attempt end by its timeout with context.Canceled, and only their cause
// tells.
func (c *Context) Free() { c.free() }

// Value implements context.Context.
func (c *Context) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	return c.Bound.Value(key)
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
