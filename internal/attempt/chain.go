package attempt

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Header carries a Chain from a client to a server, over HTTP; gRPC spells it in
// lower case.
const Header = "Kit-Attempt"

// Chain is what a call tells the service it goes to about the attempts above it:
// were every service on the way to try three times, the last one would see a
// failing call 27 times.
type Chain struct {
	Number int // which attempt of its call this is; 1 for the first
	Left   int // how many more the services above may still make; 0 also when their budget is empty
}

// limits of what is believed. Nobody tries so often.
const maxAttempts = 99

// String is the form on the wire, such as "n=2, left=1".
func (c Chain) String() string {
	return "n=" + strconv.Itoa(min(max(c.Number, 1), maxAttempts)) + ", left=" + strconv.Itoa(min(max(c.Left, 0), maxAttempts))
}

// ParseChain reads what String writes, in any order, and ignores what it does not
// know: a newer client may say more.
func ParseChain(text string) (Chain, error) {
	c := Chain{Number: -1, Left: -1}
	if len(text) > 256 {
		return Chain{}, fmt.Errorf("attempt %.32q…: longer than 256 bytes", text)
	}
	for field := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		var to *int
		switch {
		case !ok:
			return Chain{}, fmt.Errorf("attempt %.64q: %.64q is not key=value", text, field)
		case key == "n":
			to = &c.Number
		case key == "left":
			to = &c.Left
		default:
			continue
		}
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || n > maxAttempts || *to >= 0 {
			return Chain{}, fmt.Errorf("attempt %.64q: %s is %.64q: want one number up to %d", text, key, value, maxAttempts)
		}
		*to = int(n)
	}
	if c.Number < 1 || c.Left < 0 {
		return Chain{}, fmt.Errorf("attempt %.64q: want n of at least 1, and left", text)
	}
	return c, nil
}

// incoming is a context of a server's that knows what its caller told.
type incoming struct {
	context.Context //nolint:containedctx // it is a context

	chain Chain
}

type chainKey struct{}

// Value implements context.Context.
func (c *incoming) Value(key any) any {
	if key == (chainKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithIncoming returns a context of a server's that knows which attempt of its
// caller's it works for.
func WithIncoming(ctx context.Context, c Chain) context.Context { return &incoming{ctx, c} }

// Incoming returns what WithIncoming was given, and false if it was not: the call
// began here.
func Incoming(ctx context.Context) (Chain, bool) {
	c, ok := ctx.Value(chainKey{}).(*incoming)
	if !ok {
		return Chain{}, false
	}
	return c.chain, true
}

// usual is how many attempts follow the first of a retry with its defaults.
const usual = 2

// Outgoing returns what a call with ctx is to tell the next service: of the
// attempt it is, if a retry made it, else of the one it works for. It is false if
// there is neither, and for a first attempt after which so many may follow that it
// restricts nobody with a retry's defaults: nearly all calls are such, and do
// without a header.
func Outgoing(ctx context.Context) (Chain, bool) {
	if c := of(ctx); c != nil && c.left != Unknown {
		return Chain{Number: c.number, Left: c.left}, c.number > 1 || c.left < usual
	}
	return Incoming(ctx)
}
