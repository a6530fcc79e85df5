package stub

import (
	"context"
	"math/rand/v2"

	"google.golang.org/grpc/balancer"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport/internal/draining"
)

// picker asks the pool. The pool learns of instances a little later than gRPC, and
// does not learn that a connection is lost in that very moment, so there also are
// the connections that were ready when the picker was made.
type picker struct {
	b     *kitBalancer
	ready []*conn // not empty
}

// Pick implements balancer.Picker. It does not block.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	ctx := info.Ctx
	if p.b.methods.streams(info.FullMethodName) {
		ctx = lb.Untimed(ctx)
	}
	c := &call{ctx: ctx}
	if pool := p.b.pool.Load(); pool != nil {
		c.conn, c.reports = c.begin(pool), pool.reports
	}
	if c.conn == nil {
		c.conn = p.any(ctx)
	}
	tripOf(ctx).goes(c.conn)
	return balancer.PickResult{SubConn: c.conn.sc, Done: c.done}, nil
}

// any returns one of the ready connections, which the pool has yet to learn of,
// and which the call was not to.
func (p *picker) any(ctx context.Context) *conn {
	tried := attempt.From(ctx)
	at := rand.N(len(p.ready))
	for i := range p.ready {
		if c := p.ready[(at+i)%len(p.ready)]; c.ready.Load() && !tried.Tried(c.id) {
			tried.Add(c.id)
			return c
		}
	}
	return p.ready[at]
}

// call is one call, from pick to end.
type call struct {
	lb.Call

	ctx     context.Context
	conn    *conn
	reports *reporting
}

// enough is how often a pool is asked: it has few connections that are not ready,
// and picks one only if all are, or in a panic.
const enough = 8

// begin has the pool pick a connection that is ready; nil if it does not.
func (c *call) begin(p *pool) *conn {
	ctx := c.ctx
	for range enough {
		if err := c.Begin(ctx, p.pick); err != nil {
			return nil
		}
		to, ok := c.Closer().(*conn)
		if ok && to.ready.Load() {
			return to
		}
		c.End(context.Background(), nil, errNotReady)
		if attempt.From(ctx) == nil {
			ctx = attempt.Start(ctx, 0) //nolint:fatcontext // once: it remembers who was not ready
		}
	}
	return nil
}

// done ends the call.
func (c *call) done(info balancer.DoneInfo) {
	if info.Err == nil && !info.BytesSent { // the connection was lost since the pick
		c.End(context.Background(), nil, errNotReady)
		return
	}
	if len(info.Trailer[draining.Metadata]) > 0 {
		c.conn.Tell()
	}
	if c.reports != nil {
		c.conn.load.take(info.Trailer, c.reports)
	}
	tripOf(c.ctx).ended(info)
	c.End(c.ctx, nil, ended(c.ctx, info))
}
