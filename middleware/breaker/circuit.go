package breaker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

// grace is how long after its deadline a probe may still return.
const grace = time.Second

// circuit guards one instance. All of its state is one pointer: whoever swaps
// it has made the change, and no lock is there to be held while a call or a
// callback runs.
type circuit struct {
	*Config
	instance string
	news     *news // nil if nobody wants any
	phase    atomic.Pointer[phase]
}

// newCircuit takes a cfg that is valid and has its defaults.
func newCircuit(cfg *Config, instance string, n *news) *circuit {
	c := &circuit{Config: cfg, instance: instance, news: n}
	c.phase.Store(c.closed())
	return c
}

// guard is the circuit as an endpoint.Middleware.
func (c *circuit) guard(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		p, err := c.admit(ctx)
		if err != nil {
			return nil, err
		}
		var start time.Duration
		if c.SlowCall > 0 {
			start = p.age()
		}
		outcome := classify.Failure // what a panic and runtime.Goexit leave
		defer func() { c.done(p, c.slow(p, start), outcome) }()
		response, err = next(ctx, request)
		outcome = c.judge(ctx, response, err)
		if s, ok := response.(stream); ok && err == nil && !c.Openings {
			c.follow(ctx, response, s, c.slow(p, start))
			if p.state == Closed {
				outcome = classify.Excluded // it counts when it has ended
			}
		}
		return response, err
	}
}

// stream is a response that outlives its call: lb.Stream.
type stream interface{ OnEnd(f func(err error)) }

// follow counts a call whose response is s when that has ended, in the phase that the
// circuit is in then. A probe does not wait for it: who opens a stream is back.
func (c *circuit) follow(ctx context.Context, response any, s stream, slow bool) {
	var once sync.Once
	s.OnEnd(func(err error) {
		once.Do(func() {
			if p := c.phase.Load(); p.state == Closed {
				c.done(p, slow, classify.StreamEnd(c.Classify, ctx, response, err))
			}
		})
	})
}

// slow reports whether a call that was admitted in p, at the age that p had then, has
// taken too long by now.
func (c *circuit) slow(p *phase, start time.Duration) bool {
	return c.SlowCall > 0 && p.age()-start > c.SlowCall
}

// ready reports whether admit would let a call through.
func (c *circuit) ready() bool {
	if c.phase.Load().state == Closed {
		return true
	}
	p := c.current()
	return p.state == Closed || !time.Now().Before(p.until)
}

// current returns the phase that the circuit is in now.
func (c *circuit) current() *phase {
	for {
		p := c.phase.Load()
		if p.state != HalfOpen || !c.expire(p, time.Now()) {
			return p
		}
	}
}

// admit returns the phase in which a call starts, which done needs, or why it
// must not start.
func (c *circuit) admit(ctx context.Context) (*phase, error) {
	for {
		p := c.phase.Load()
		if p.state == Closed {
			return p, nil
		}
		now := time.Now()
		if c.expire(p, now) {
			continue
		}
		if now.Before(p.until) {
			return nil, p.reject
		}
		if probe := c.probing(p, now, c.lease(ctx, now)); c.swap(p, probe) {
			return probe, nil
		} // somebody else was first: look again
	}
}

// lease returns when a probe that starts now has taken too long.
func (c *circuit) lease(ctx context.Context, now time.Time) time.Time {
	end := now.Add(c.ProbeLease)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(grace).Before(end) {
		return deadline.Add(grace)
	}
	return end
}

// expire reports whether p is a probe's and its lease is over. If so, it has
// opened the circuit from the end of the lease, unless that is done already.
func (c *circuit) expire(p *phase, now time.Time) bool {
	if p.state != HalfOpen || p.until.IsZero() || now.Before(p.until) {
		return false
	}
	c.swap(p, c.open(p.opens+1, p.until))
	return true
}

// judge classifies the end of a call.
func (c *circuit) judge(ctx context.Context, response any, err error) classify.Outcome {
	if err != nil && turnedDown(err) {
		return classify.Excluded
	}
	return c.Classify(ctx, response, err)
}

// turnedDown reports whether err is another policy's opinion, which must not
// become ours. That of a call with several attempts is not, if one was sent.
func turnedDown(err error) bool {
	if !classify.Rejected(err) {
		return false
	}
	s, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err)
	return !ok || s.NotSent()
}

// done ends a call that was admitted in p. If the circuit has changed since, the
// call is old news: a success from before must not end a probe.
func (c *circuit) done(p *phase, slow bool, outcome classify.Outcome) {
	if c.phase.Load() != p {
		return
	}
	silent := outcome == classify.Excluded || outcome == classify.Throttled
	switch {
	case silent && p.state == Closed:
	case silent:
		c.swap(p, c.vacant(p))
	case p.state == Closed:
		if c.count(p, slow, outcome) {
			c.swap(p, c.open(1, time.Now()))
		}
	case slow, outcome.Failed():
		c.swap(p, c.open(p.opens+1, time.Now()))
	default:
		c.swap(p, c.closed())
	}
}

// count counts a call in the closed phase p, and reports whether to open.
func (c *circuit) count(p *phase, slow bool, outcome classify.Outcome) bool {
	if outcome.Failed() {
		return p.calls.failed()
	}
	return p.calls.succeeded(slow)
}

// swap changes from one phase to the next, unless somebody else has changed it.
func (c *circuit) swap(from, to *phase) bool {
	if c.news == nil || from.state == to.state {
		return c.phase.CompareAndSwap(from, to)
	}
	c.news.mu.Lock()
	defer c.news.mu.Unlock()
	if !c.phase.CompareAndSwap(from, to) {
		return false
	}
	c.news.add(change{c.instance, from.state, to.state})
	return true
}

// status describes the circuit for Group.Circuits.
func (c *circuit) status() Status {
	p := c.current()
	s := Status{Instance: c.instance, State: p.state, Since: p.since, Until: p.until, Opens: p.opens}
	if p.state == Closed {
		s.Successes, s.Failures = p.calls.count()
		s.Slow = p.calls.slow.sum(p.calls.now())
	}
	return s
}
