package breaker

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/sony/gobreaker/v2"
)

// phase is a circuit between two changes. It is immutable but for the calls it
// counts, and replaced as a whole; that a circuit still has the phase in which
// a call was admitted means that nothing has changed since.
type phase struct {
	state State
	calls *gobreaker.CircuitBreaker[struct{}] // if Closed: what became of them

	opens  int        // how many open times in a row; 0 if Closed
	until  time.Time  // if Open, when a probe may go; if HalfOpen, when its lease ends, zero if there is no probe
	reject *OpenError // the error of those who come before until
}

func (c *circuit) closed() *phase {
	return &phase{state: Closed, calls: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Interval:     c.Window,
		BucketPeriod: c.Window / 10,
		ReadyToTrip:  c.trips,
	})}
}

// open returns the opens-th open phase in a row, from start.
func (c *circuit) open(opens int, start time.Time) *phase {
	d := c.OpenFor
	for range opens - 1 {
		if d > c.MaxOpen/2 {
			d = c.MaxOpen
			break
		}
		d *= 2
	}
	d = time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
	return c.rejecting(Open, opens, start.Add(d))
}

// probing returns the phase of a probe, after the open phase p.
func (c *circuit) probing(p *phase, lease time.Time) *phase {
	return c.rejecting(HalfOpen, p.opens, lease)
}

// vacant returns the phase after a probe that told nothing: the next call is
// another.
func (c *circuit) vacant(p *phase) *phase {
	return &phase{state: HalfOpen, opens: p.opens}
}

func (c *circuit) rejecting(s State, opens int, until time.Time) *phase {
	return &phase{state: s, opens: opens, until: until, reject: &OpenError{c.instance, until}}
}

// trips decides whether a closed circuit opens. All calls in n have ended.
func (c *circuit) trips(n gobreaker.Counts) bool {
	ended := n.TotalSuccesses + n.TotalFailures
	return int(n.ConsecutiveFailures) >= c.Consecutive ||
		int(ended) >= c.MinCalls && float64(n.TotalFailures) >= c.Ratio*float64(ended)
}

// What gobreaker is told of a call. These close over nothing, so that telling
// it allocates nothing.
func succeeded() (struct{}, error) { return struct{}{}, nil }
func failed() (struct{}, error)    { return struct{}{}, errFailed }

var errFailed = errors.New("failed")
