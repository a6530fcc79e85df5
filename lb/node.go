package lb

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// node is one connected instance. It lives from a factory's success to its
// closer's end; an instance whose address changes gets a new one, because what
// was learned about the old process says nothing about the new one.
//
// What picks read of many nodes, its load, is kept apart, so that the loads of a
// large pool fit a cache. What calls write is at the end, away from what they
// only read.
type node struct {
	id, addr string
	pool     *Pool
	*load
	ready   func() bool       // the guard's; nil: always
	call    endpoint.Endpoint // tracked and guarded: what our balancers pick
	force   endpoint.Endpoint // tracked, past the guard: panic
	offer   endpoint.Endpoint // call, unless tried or unready: what Endpoints yields
	closer  io.Closer         // may be nil
	refused *refusals
	idle    chan struct{} // gets a token when a leaving node has no call left
	trial   *trial        // nil without PoolConfig.Outliers
	warmth  *warmth       // nil without PoolConfig.SlowStart

	barred   atomic.Uint32 // see usable
	leaving  atomic.Bool
	spared   atomic.Bool // it said that it leaves: see Pool.spare
	calls    atomic.Uint64
	failures atomic.Uint64
	counted  atomic.Uint64 // calls that Pool.mean has taken in
	untimed  atomic.Int32  // calls in flight of which neither latency nor silence counts
	health
	gone chan struct{} // closed when it is drained
	_    [8]byte       // to the size of which the allocator aligns each
}

// load is what a pick reads of every node it compares. It is small, so that those
// of a large pool fit a cache.
type load struct {
	inflight atomic.Int32           // negative once closed
	scores   [metrics]atomicFloat32 // what a call costs apart from others in flight
}

// metric is what a balancer that compares nodes goes by. Scores are computed when
// a call ends, not when a pick asks.
type metric uint8

const (
	byInFlight metric = iota // 1/weight: calls in flight alone
	byPeak                   // peak EWMA of the latency, by weight
	byCost                   // latency and success, by weight
	metrics
)

// packed is the size of a pool from which loads may share a cache line. In a small
// one, two processors that call different instances would wait for each other; in
// a large one they seldom meet, and it is the picks that wait, for memory.
const packed = 256

// newLoad returns the load of a node in a pool of so many.
func newLoad(size int) *load {
	if size >= packed {
		return new(load)
	}
	return &new(struct {
		load
		_ [112]byte // a pair of lines, for processors that fetch two
	}).load
}

// closed is added to inflight when the closer is about to run. It is more than
// there ever are, and leaves room for what picks multiply it with.
const closed = -1 << 30

// newNode wraps ep, the factory's endpoint, with everything a call to it needs:
//
//	offer → call: in flight, tried → guard → observe → ep
//	       force: in flight, tried ────────→ observe → ep
//
// The guard is inside the counting, so that a call which waits in it counts,
// and outside the observing, so that its rejections say nothing about the
// instance.
func newNode(p *Pool, d *dial, ep endpoint.Endpoint, closer io.Closer) *node {
	n := &node{id: d.id, addr: d.addr, pool: p, load: newLoad(d.among), closer: closer, idle: make(chan struct{}, 1), gone: make(chan struct{})}
	n.refused = newRefusals(n)
	if p.outliers != nil {
		n.trial = new(trial)
	}
	if p.cfg.SlowStart.Window > 0 {
		d := p.dice()
		n.warmth = &warmth{salt: d.roll()}
	}
	n.force = n.direct(ep)
	n.call = n.force
	if p.cfg.Guard != nil {
		mw, ready := p.cfg.Guard(d.id)
		if mw != nil {
			n.call = n.tracked(mw(n.observed(ep)))
		}
		n.ready = ready
	}
	p.listenTo(n, closer)
	n.offer = func(ctx context.Context, request any) (any, error) {
		switch {
		case attempt.From(ctx).Tried(n.id):
			return nil, &n.refused.tried
		case !n.usable(0):
			return nil, &n.refused.unready
		}
		return n.call(ctx, request)
	}
	return n
}

// weigh sets the weight; below 1 it is 1.
func (n *node) weigh(weight int) {
	share := 1 / float64(max(weight, 1))
	old := n.scores[byInFlight].load()
	if share == old {
		return
	}
	n.scores[byInFlight].store(share)
	mean := n.pool.mean.load()
	n.scores[byCost].store(n.score(mean))
	if peak := n.scores[byPeak].load(); old > 0 {
		n.scores[byPeak].store(peak / old * share)
	} else {
		n.scores[byPeak].store(max(mean, 1) * share)
	}
}

func (n *node) isReady() bool { return n.ready == nil || n.ready() }

// Reasons why a node may be barred, besides its guard.
const (
	ejected uint32 = 1 << iota // as an outlier
	warming                    // in slow start: some picks pass it over
)

// usable says whether a pick with that luck may choose the node. It is asked
// last, of the node that would be picked.
func (n *node) usable(luck uint64) bool {
	if bars := n.barred.Load(); bars != 0 && (bars&ejected != 0 || n.tooCold(luck)) {
		return false
	}
	return n.isReady()
}

// unusable says why the node is not usable.
func (n *node) unusable() string {
	switch bars := n.barred.Load(); {
	case bars&ejected != 0:
		return "ejected as an outlier: " + n.trial.why().String()
	case !n.isReady():
		return "its guard lets no call through"
	case bars&warming != 0:
		return "in slow start"
	}
	return "not usable a moment ago"
}

// tracked counts the call in flight and tells the retry above where it went. It
// counts down whether next returns, panics or ends its goroutine.
func (n *node) tracked(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		if c, ok := request.(*Call); ok {
			return nil, n.open(ctx, c)
		}
		if !n.begin() {
			return nil, &n.refused.gone
		}
		streaming := false
		defer func() {
			if !streaming {
				n.end()
			}
		}()
		attempt.From(ctx).Add(n.id)
		response, err = next(ctx, request)
		streaming = err == nil && n.streams(ctx, response)
		return response, err
	}
}

// direct is observed inside tracked, in one: without a guard there is nothing
// between them.
func (n *node) direct(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		if c, ok := request.(*Call); ok {
			return nil, n.open(ctx, c)
		}
		if !n.begin() {
			return nil, &n.refused.gone
		}
		var w stopwatch
		outcome, streaming := classify.Failure, false
		defer func() {
			n.observe(w, outcome)
			if !streaming {
				n.end()
			}
		}()
		attempt.From(ctx).Add(n.id)
		w = n.timing(ctx)
		response, err = next(ctx, request)
		outcome = n.judge(ctx, response, err)
		streaming = err == nil && n.streams(ctx, response)
		return response, err
	}
}

// streams says whether the call that led to response goes on, and sees to it that
// it is counted until it ends.
func (n *node) streams(ctx context.Context, response any) bool {
	s, ok := response.(Stream)
	if ok {
		var once sync.Once
		s.OnEnd(func(err error) {
			once.Do(func() {
				defer n.end()
				n.ended(ctx, response, err)
			})
		})
	}
	return ok
}

// Stream is what a response may implement if it outlives its call, like the
// body of a download. The call then counts as in flight until the stream ends,
// and a leaving instance's connection waits for it. Its latency is that of the
// call that opened it, which was a success; a stream that then fails is a failure
// of its instance.
type Stream interface {
	// OnEnd calls f when the stream has ended, at once if it already has. Each
	// policy that the call passed gives an f of its own: all must be called, those
	// that came first before those that came later, before the call's context is
	// ended by whoever made the stream. The call counts as in flight for ever if f is
	// never called.
	//
	// err is what the stream failed with: nil if it came to its end, or was left
	// by who read it.
	OnEnd(f func(err error))
}

// begin counts a call in flight, unless the node is closed.
func (n *node) begin() bool {
	switch v := n.inflight.Add(1); {
	case v == 1:
		if n.quiet.Load() != 0 { // it owed nobody anything until now: see listen
			n.quiet.Store(0)
		}
		return true
	case v > 1:
		return true
	}
	n.inflight.Add(-1)
	return false
}

// end undoes begin. The order matters: leaving is read after the count went
// down, and written before it is read, so that the last call or the waiter, or
// both, notice that the node is idle.
func (n *node) end() {
	if n.inflight.Add(-1) == 0 && n.leaving.Load() {
		select {
		case n.idle <- struct{}{}:
		default:
		}
	}
}

// calling returns the number of calls in flight.
func (n *node) calling() int64 {
	v := int64(n.inflight.Load())
	if v < 0 {
		v -= closed
	}
	return v
}
