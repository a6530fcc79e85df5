package breaker

import (
	"math/rand/v2"
	"time"
)

// phase is a circuit between two changes. It is immutable but for the calls it
// counts, and replaced as a whole; that a circuit still has the phase in which
// a call was admitted means that nothing has changed since.
type phase struct {
	state State
	began time.Time
	since time.Time // when the first of the phases in this state began
	calls *calls    // if Closed: what became of them

	opens  int        // how many open times in a row; 0 if Closed
	until  time.Time  // if Open, when a probe may go; if HalfOpen, when its lease ends, zero if there is no probe
	reject *OpenError // the error of those who come before until
}

// age is how long ago p began.
func (p *phase) age() time.Duration { return time.Since(p.began) }

func (c *circuit) closed() *phase {
	now := time.Now()
	return &phase{state: Closed, began: now, since: now, calls: newCalls(c.Config, now)}
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
	d = time.Duration(min(float64(d)*(0.8+0.4*rand.Float64()), 1<<62)) // more is no Duration
	until := start.Add(d)
	return &phase{state: Open, began: start, since: start, opens: opens, until: until, reject: &OpenError{c.instance, until}}
}

// probing returns the phase of a probe that begins now, after p: an open phase,
// or a vacant one.
func (c *circuit) probing(p *phase, now, lease time.Time) *phase {
	probe := &phase{state: HalfOpen, began: now, since: now, opens: p.opens, until: lease, reject: &OpenError{c.instance, lease}}
	if p.state == HalfOpen {
		probe.since = p.since
	}
	return probe
}

// vacant returns the phase after a probe that told nothing: the next call is
// another.
func (c *circuit) vacant(p *phase) *phase {
	return &phase{state: HalfOpen, since: p.since, opens: p.opens}
}
