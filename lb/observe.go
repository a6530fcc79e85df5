package lb

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// observed measures next and remembers what its outcome says about the node. A
// call that panics or ends its goroutine has failed.
func (n *node) observed(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		w, outcome := n.timing(ctx), classify.Failure
		defer func() { n.observe(w, outcome) }()
		response, err = next(ctx, request)
		outcome = n.judge(ctx, response, err)
		return response, err
	}
}

// stopwatch measures one call.
type stopwatch struct {
	start   int64 // as Pool.now
	untimed bool
}

// timing starts a stopwatch, which observe stops.
func (n *node) timing(ctx context.Context) stopwatch {
	w := stopwatch{n.pool.now(), untimed(ctx)}
	if w.untimed {
		n.untimed.Add(1)
	}
	n.pool.relax(w.start)
	return w
}

// judge says what a call's end means, and tells the source of an instance that
// could not be reached. A call that a policy between here and the wire turned down
// says nothing about the instance.
func (n *node) judge(ctx context.Context, response any, err error) classify.Outcome {
	if err != nil && classify.Rejected(err) && notSent(err) {
		attempt.From(ctx).Reject()
		return classify.Excluded
	}
	outcome := n.pool.cfg.Classify(ctx, response, err)
	if tell := n.pool.unreachable; outcome == classify.NotSent && tell != nil && !tooLate(err) {
		tell(n.id)
	}
	return outcome
}

// brief is the gap after a latency sample in which others are left out: they would
// weigh next to nothing, and the next one that counts, counts for all of them.
const brief = int64(10 * time.Microsecond)

// observe takes the latency of successes only: an instance that fails in a
// millisecond must not look fast. What was not sent failed here, since the
// guard's rejections do not come this far: the instance could not be reached.
// What is excluded, such as the caller's own cancel, says nothing.
func (n *node) observe(w stopwatch, outcome classify.Outcome) {
	if w.untimed {
		n.untimed.Add(-1)
	}
	n.calls.Add(1)
	now := n.pool.now()
	took := time.Duration(now - w.start)
	n.pool.relax(now) // first, or it would also forget what happened just now
	if n.trial != nil {
		n.testify(outcome, took, w.untimed)
	}
	if !w.untimed && tellsLatency(outcome) && n.pool.peaks.Load() {
		n.peaked(took, now)
	}
	mean := n.pool.mean.load()
	switch {
	case outcome == classify.Success:
		n.answered(false)
		if w.untimed {
			break
		}
		if mean > 0 && n.hasJustTaken(now) {
			if n.failing.load() == 0 {
				return // what the cost comes from is as it was
			}
			break
		}
		n.took(took, now, mean)
		if mean == 0 { // nobody had answered yet
			n.pool.mean.replace(0, n.latency.load())
			n.pool.rescore()
			return
		}
	case outcome.Failed():
		n.failures.Add(1)
		n.answered(true)
	case outcome == classify.Throttled:
		n.turnedDown()
	default:
		return
	}
	n.price(mean)
}

// ended is told how a stream ended, whose opening was observed before as a success.
func (n *node) ended(ctx context.Context, response any, err error) {
	if !classify.StreamEnd(n.pool.cfg.Classify, ctx, response, err).Failed() {
		return
	}
	n.pool.relax(n.pool.now()) // as in observe
	n.failures.Add(1)
	n.answered(true)
	if n.trial != nil {
		n.testify(classify.Failure, 0, true)
	}
	n.price(n.pool.mean.load())
}

// tellsLatency says whether a call with this outcome took as long as calls take.
func tellsLatency(outcome classify.Outcome) bool {
	return outcome != classify.Excluded && outcome != classify.Throttled
}

// hasJustTaken says whether a latency sample would make no difference now: the
// node is known, and answers, and the last one was a moment ago.
func (n *node) hasJustTaken(now int64) bool {
	return now-n.sampled.Load() < brief && n.samples.Load() >= firstFew && n.silence.load() == 0
}

// price brings the cost up to date. One that has changed by less than 1/512 is
// left: chance blurs it by more, and other processors' picks have it in their caches.
func (n *node) price(mean float64) {
	cost, old := n.score(mean), n.scores[byCost].load()
	if math.Abs(cost-old) > old/512 {
		n.scores[byCost].store(cost)
	}
}

// tooLate says whether a call failed for lack of time. That tells little about the
// instance: a caller that was halted finds all of its calls late.
func tooLate(err error) bool {
	var timeout interface{ Timeout() bool } // as net.Error, and context.DeadlineExceeded
	return errors.As(err, &timeout) && timeout.Timeout()
}

// relaxEvery is how much time must pass until a call relaxes all nodes: rarely
// enough to cost it nothing, often enough for constants in seconds.
const relaxEvery = 20 * time.Millisecond

// relax lets every node forget, and renews the mean latency, by which those
// without one are measured. Whichever call comes first after relaxEvery does it
// for all: a pool without calls needs no background work, and a pick needs no clock.
func (p *Pool) relax(now int64) {
	last := p.relaxed.Load()
	if now-last < int64(relaxEvery) {
		return
	}
	s := p.snap.Load()
	every := int64(relaxEvery) * int64(1+len(s.all)/256) // a large pool takes longer
	if now-last < every || !p.relaxed.CompareAndSwap(last, now) {
		return
	}
	mean := s.met(p.mean.load(), now-last)
	p.mean.store(mean)
	peaks := p.peaks.Load()
	for i := range s.all {
		n := s.all[i].node
		idle := n.calling() <= int64(n.untimed.Load())
		n.health.relax(now-last, idle, mean)
		n.health.listen(now, idle)
		n.price(mean)
		if peaks {
			n.forgetPeak(now-last, mean)
		}
	}
	p.watchOver(s, now)
}

// rescore computes anew what depends on the mean.
func (p *Pool) rescore() {
	mean, peaks := p.mean.load(), p.peaks.Load()
	for _, sl := range p.snap.Load().all {
		n := sl.node
		n.scores[byCost].store(n.score(mean))
		if peaks {
			n.forgetPeak(0, mean)
		}
	}
}

// met returns the latency that calls meet at present: old, moved towards the
// averages of the nodes, each by its calls since the last time. Were all nodes
// to count alike, a few with bad luck would keep it high, and with it the cost
// of every node that is new or was not called for long: the one good node would
// keep all calls for lack of anybody to compare it with.
func (s *snapshot) met(old float64, dt int64) float64 {
	sum, calls := 0.0, 0.0
	for _, sl := range s.all {
		n := sl.node
		all := n.calls.Load()
		fresh := float64(all - n.counted.Swap(all))
		if l := n.latency.load(); l > 0 {
			sum += l * fresh
			calls += fresh
		}
	}
	switch {
	case calls == 0:
		return old
	case old == 0:
		return sum / calls
	}
	return toward(old, sum/calls, dt, latencyTau)
}
