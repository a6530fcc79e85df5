package limit

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

// client is the limit of one instance, seen from a client. It knows nothing of
// the server but what becomes of calls, so it does as TCP does with lost
// packets: more by addition, less by multiplication (Chiu and Jain, "Analysis
// of the increase and decrease algorithms", 1989; Netflix's concurrency-limits,
// AIMDLimit).
type client struct {
	Config
	instance string
	slots    slots
	step     atomic.Pointer[step]
	moves    atomic.Int64
}

// step is a client's limit between two moves. But for the calls it counts, it
// is immutable, and replaced as a whole.
type step struct {
	limit  int
	cuts   int          // moves down so far
	wins   atomic.Int64 // calls that succeeded while the limit was in use
	reject ExceededError
}

func newClient(cfg Config, instance string) *client {
	c := &client{Config: cfg.withDefaults(1), instance: instance}
	c.step.Store(c.at(c.Initial, 0))
	return c
}

func (c *client) at(limit, cuts int) *step {
	return &step{limit: limit, cuts: cuts, reject: ExceededError{Instance: c.instance, Limit: limit}}
}

// ready reports whether guard would let a call through.
func (c *client) ready() bool { return c.slots.inflight() < c.step.Load().limit }

// guard is the client as an endpoint.Middleware.
func (c *client) guard(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		s := c.step.Load()
		if _, ok := c.slots.take(s.limit); !ok {
			return nil, &s.reject
		}
		streaming, outcome := false, classify.Failure // what a panic and runtime.Goexit leave
		defer func() {
			if !streaming {
				defer c.slots.give() // learn counts this call as in flight
			}
			c.learn(s, outcome)
		}()
		response, err = next(ctx, request)
		outcome = c.judge(ctx, response, err)
		streaming = c.slots.handed(response, err)
		return response, err
	}
}

// judge classifies the end of a call. What says nothing about how much the
// instance takes is Excluded: a refused connection (nobody is there, however
// few calls), and what another policy further in turned down.
func (c *client) judge(ctx context.Context, response any, err error) classify.Outcome {
	outcome := c.Classify(ctx, response, err)
	if outcome == classify.NotSent && (classify.Rejected(err) || !timeout(err)) {
		return classify.Excluded
	}
	return outcome
}

// timeout reports whether err is a timeout as package net understands it.
func timeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// learn moves the limit by the outcome of a call that began in s and is still
// in flight.
func (c *client) learn(s *step, outcome classify.Outcome) {
	now := c.step.Load()
	switch outcome {
	case classify.Success:
		// Where nobody asks for more, success proves nothing about more.
		used := now.limit < c.Max && c.slots.inflight() >= now.limit
		if used && now.wins.Add(1) >= int64(now.limit) {
			c.move(now, c.at(now.limit+1, now.cuts))
		}
	case classify.Failure, classify.Throttled, classify.NotSent:
		// Calls that began before the last move down tell of the limit before
		// it: a hundred that time out together are one reason, not a hundred.
		if now.limit > c.Min && now.cuts == s.cuts {
			c.move(now, c.at(max(int(float64(now.limit)*c.Backoff), c.Min), now.cuts+1))
		}
	}
}

// move replaces one step by the next, unless somebody else has.
func (c *client) move(from, to *step) {
	if c.step.CompareAndSwap(from, to) {
		c.moves.Add(1)
	}
}
