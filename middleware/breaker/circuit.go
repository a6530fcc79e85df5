package breaker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/sony/gobreaker/v2"

	"github.com/kitgen/kitgen/middleware/classify"
)

// grace is how long after its deadline a probe may still return.
const grace = time.Second

// circuit guards one instance. All of its state is one pointer: whoever swaps
// it has made the change, and no lock is there to be held while a call or a
// callback runs.
type circuit struct {
	Config
	instance string
	phase    atomic.Pointer[phase]
}

func newCircuit(cfg Config, instance string) *circuit {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	c := &circuit{Config: cfg.withDefaults(), instance: instance}
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
		outcome := classify.Failure // what a panic and runtime.Goexit leave
		defer func() { c.done(p, outcome) }()
		response, err = next(ctx, request)
		outcome = c.judge(ctx, response, err)
		return response, err
	}
}

// ready reports whether admit would let a call through.
func (c *circuit) ready() bool {
	for {
		p := c.phase.Load()
		if p.state == Closed {
			return true
		}
		now := time.Now()
		if !c.expire(p, now) {
			return !now.Before(p.until)
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
		if probe := c.probing(p, c.lease(ctx, now)); c.swap(p, probe) {
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
	outcome := c.Classify(ctx, response, err)
	if outcome == classify.NotSent && errors.Is(err, ErrOpen) {
		return classify.Excluded // another circuit's opinion must not become ours
	}
	return outcome
}

// done ends a call that was admitted in p. If the circuit has changed since,
// the call is old news: a success from before must not end a probe.
func (c *circuit) done(p *phase, outcome classify.Outcome) {
	switch {
	case c.phase.Load() != p:
	case p.state == Closed:
		c.count(p, outcome)
	case outcome == classify.Excluded:
		c.swap(p, c.vacant(p))
	case outcome.Failed():
		c.swap(p, c.open(p.opens+1, time.Now()))
	default:
		c.swap(p, c.closed())
	}
}

// count tells gobreaker of a call in the closed phase p, and opens the circuit
// if gobreaker would.
func (c *circuit) count(p *phase, outcome classify.Outcome) {
	switch {
	case outcome == classify.Excluded:
	case outcome.Failed():
		_, _ = p.calls.Execute(failed)
		if p.calls.State() != gobreaker.StateClosed {
			c.swap(p, c.open(1, time.Now()))
		}
	default:
		_, _ = p.calls.Execute(succeeded)
	}
}

// swap changes from one phase to the next, unless somebody else has changed it.
func (c *circuit) swap(from, to *phase) bool {
	if !c.phase.CompareAndSwap(from, to) {
		return false
	}
	if from.state != to.state {
		c.OnStateChange(c.instance, from.state, to.state)
	}
	return true
}
