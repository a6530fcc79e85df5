package observe

import (
	"context"

	"github.com/kitgen/kitgen/internal/messages"
)

// withCall is a context that knows the Client's call that is made in it, and counts
// the messages that it sends. It takes half the time of what context.WithValue makes.
type withCall struct {
	context.Context //nolint:containedctx // it is one
	call            *Call
	sent            messages.Count
}

// Value implements context.Context.
func (w *withCall) Value(key any) any {
	switch key {
	case callKey{}:
		return w
	case messages.Sent{}:
		return &w.sent
	}
	return w.Context.Value(key)
}

type callKey struct{}

// within returns the innermost Client's call that ctx is in: its method, and what
// counts its messages.
func within(ctx context.Context) (method string, sent *messages.Count) {
	if w, ok := ctx.Value(callKey{}).(*withCall); ok {
		return w.call.Method, &w.sent
	}
	return "", nil
}
