package load

import "context"

// Receiver is told of the reports that come with the responses to a call. It
// is called on whatever goroutine got the response.
type Receiver interface{ Receive(r Report) }

// receiving is a context whose calls' reports go to to.
type receiving struct {
	context.Context //nolint:containedctx // it is a context

	to Receiver
}

type receiverKey struct{}

// Value implements context.Context.
func (c *receiving) Value(key any) any {
	if key == (receiverKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// With returns a context in which to is told of the reports that come with
// responses. Of several, the innermost is told.
func With(ctx context.Context, to Receiver) context.Context { return &receiving{ctx, to} }

// Deliver hands a report, as it travelled, to whoever asked for the reports of
// ctx's call. One that cannot be read is dropped: the response it came with is
// good all the same.
func Deliver(ctx context.Context, text string) {
	c, ok := ctx.Value(receiverKey{}).(*receiving)
	if !ok {
		return
	}
	if r, err := Parse(text); err == nil {
		c.to.Receive(r)
	}
}
