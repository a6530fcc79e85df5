package lb

import (
	"context"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

// observed measures next and remembers what its outcome says about the node. A
// call that panics or ends its goroutine has failed.
func (n *node) observed(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		start := n.pool.now()
		outcome := classify.Failure
		defer func() { n.observe(start, outcome) }()
		response, err = next(ctx, request)
		outcome = n.pool.cfg.Classify(ctx, response, err)
		return response, err
	}
}

// observe takes the latency of successes only: an instance that fails in a
// millisecond must not look fast. What was not sent failed here, since the
// guard's rejections do not come this far: the instance could not be reached.
// What is excluded, such as the caller's own cancel, says nothing.
func (n *node) observe(start int64, outcome classify.Outcome) {
	n.calls.Add(1)
	now := n.pool.now()
	first := false
	switch {
	case outcome == classify.Success:
		n.answered(false)
		first = n.took(time.Duration(now-start), now)
	case outcome.Failed():
		n.failures.Add(1)
		n.answered(true)
	}
	n.pool.relax(now, first)
}

// now reads the pool's monotonic clock: nanoseconds since it was made. Two
// readings per call, none per pick.
func (p *Pool) now() int64 { return int64(time.Since(p.started)) }

// relaxEvery is how much time must pass until a call relaxes all nodes: rarely
// enough to cost it nothing, often enough for constants in seconds.
const relaxEvery = 20 * time.Millisecond

// relax lets every node forget, and renews the pool's mean latency. Whichever
// call comes first after relaxEvery does it for all: a pool without calls needs
// no background work, and picks need no clock. A first sample is not kept
// waiting, because all nodes without one are measured by the mean.
func (p *Pool) relax(now int64, first bool) {
	last := p.relaxed.Load()
	s := p.snap.Load()
	every := int64(relaxEvery) * int64(1+len(s.all)/256) // a large pool takes longer
	if !first && now-last < every || !p.relaxed.CompareAndSwap(last, max(last, now)) {
		return
	}
	mean := s.mean()
	p.mean.store(mean)
	for _, sl := range s.all {
		n := sl.node
		n.health.relax(now-last, n.inflight.Load() == 0, mean)
	}
}

// mean returns the average of the latencies known, 0 if there is none.
func (s *snapshot) mean() float64 {
	sum, known := 0.0, 0
	for _, sl := range s.all {
		if l := sl.node.latency.load(); l > 0 {
			sum += l
			known++
		}
	}
	return sum / float64(max(known, 1))
}
