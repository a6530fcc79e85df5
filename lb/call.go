package lb

import (
	"context"
	"errors"
	"io"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// Call is a call that somebody else makes: a transport that must know the
// instance first and how the call ended later, as gRPC's pickers do. The zero
// Call is ready for Begin. It is for one goroutine at a time, and may be part of
// something larger, which saves an allocation. Do not copy one that has begun.
//
// A guard is asked whether it lets calls through, as by every pick, but sees none
// of them: PoolConfig.Outliers does what a breaker would.
type Call struct {
	node *node // nil before Begin and after End
	stopwatch
}

// errNotBegun is for endpoints that Begin cannot use.
var errNotBegun = errors.New("lb.Call.Begin needs an endpoint that lb.Endpoint made of a balancer over a pool: this one has called somebody itself, or nobody")

// Begin picks an instance by e, which Endpoint has made, and counts a call to it
// as in flight until End. ctx may say what for any pick it may. The error is that
// of the pick; nothing has begun then.
func (c *Call) Begin(ctx context.Context, e endpoint.Endpoint) error {
	c.node = nil
	_, err := e(ctx, c)
	if err == nil && c.node == nil {
		err = errNotBegun
	}
	return err
}

// Instance is the ID of the instance; empty if no call has begun.
func (c *Call) Instance() string {
	if c.node == nil {
		return ""
	}
	return c.node.id
}

// Closer is what the pool's factory returned for the instance beside its
// endpoint: whoever made that knows the connection by it. It is nil if no call
// has begun.
func (c *Call) Closer() io.Closer {
	if c.node == nil {
		return nil
	}
	return c.node.closer
}

// End says how the call ended. What that means for the instance is
// PoolConfig.Classify's to say. A second End does nothing.
func (c *Call) End(ctx context.Context, response any, err error) {
	n := c.node
	if n == nil {
		return
	}
	c.node = nil
	defer n.end()
	n.observe(c.stopwatch, n.judge(ctx, response, err))
}

// open begins a call that ends by c.End.
func (n *node) open(ctx context.Context, c *Call) error {
	if !n.begin() {
		return &n.refused.gone
	}
	attempt.From(ctx).Add(n.id)
	c.node, c.stopwatch = n, n.timing(ctx)
	return nil
}
