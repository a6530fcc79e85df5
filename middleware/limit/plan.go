package limit

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	// plunge is the fall within one window, as a share of the limit, beyond
	// which base is looked at again: either the service has less capacity, or
	// base is no longer true.
	plunge = 0.75

	// helped is what latency falls to, when the limit is halved, if there was a
	// queue. With one it falls to a half (Little's law), without to no less
	// than it was.
	helped = 0.75

	// near is how many times as long as base calls may take that still take
	// base: windows differ by chance.
	near = 1.25

	// apart is how many times as long as a call takes it is to the next probe
	// at least, since a probe takes some calls' time and costs throughput.
	apart = 100

	// easing is how much of a lower latency base takes over at once.
	easing = 0.2
)

// plan is a limit, and what it rests on.
type plan struct {
	limit float64
	base  time.Duration // how long calls take without a queue; 0: unknown
	probe time.Duration // when to look at base again
	alarm bool          // the window before wanted the limit to plunge

	// While base is looked at, the limit is halved from window to window:
	top  level // where that began; zero: it is not looked at
	last level // the level before this one
	flat int   // how many halvings in a row did not make calls quicker
}

// level is a limit, and how long calls took under it.
type level struct {
	limit   float64
	latency time.Duration
}

// plan returns what follows from a window in which calls took latency.
func (s *server) plan(w *window, latency, now time.Duration) plan {
	p := w.plan
	switch {
	case p.top.limit > 0:
		return s.descend(w, latency, now)
	case !w.full.Load():
		// A limit that nobody reaches is neither too low nor too high.
		p.base, p.alarm = eased(p.base, latency), false
		return p
	case p.base == 0 || now >= p.probe:
		return s.descent(p, latency)
	}
	p.base = eased(p.base, latency)
	gradient := s.Tolerance * float64(p.base) / float64(latency)
	limit := p.limit*min(gradient, 1) + math.Sqrt(p.limit)
	switch wasAlarm := p.alarm; {
	case limit >= plunge*p.limit:
		p.limit, p.alarm = s.within(limit), false
		return p
	case !wasAlarm:
		// Something has changed within the window, or was odd for a moment. The
		// next window knows which, and how things are by now.
		p.alarm = true
		return p
	default:
		return s.descent(p, latency)
	}
}

// eased returns base moved towards a latency that is clearly below it. One
// window's latency does not become base as it is: it may be low by chance.
func eased(base, latency time.Duration) time.Duration {
	switch {
	case base == 0:
		return latency
	case near*float64(latency) > float64(base):
		return base
	default:
		return base - time.Duration(easing*float64(base-latency))
	}
}

// descent begins to look for base, at half the limit.
func (s *server) descent(p plan, latency time.Duration) plan {
	p.top = level{p.limit, latency}
	p.last = p.top
	p.limit = s.within(p.limit / 2)
	return p
}

// descend goes on to halve the limit as long as that makes calls quicker. Where
// it no longer does there is no queue, and how long calls take there is base. If
// that is longer than base was, halving must fail to help twice: a change while
// base is looked at is like that once.
func (s *server) descend(w *window, latency, now time.Duration) plan {
	p := w.plan
	floor := p.last.limit
	if float64(latency) < helped*float64(p.last.latency) {
		floor, p.flat = p.limit, 0
	} else {
		p.flat++
	}
	longer := p.base > 0 && float64(latency) > near*float64(p.base)
	found := p.flat == 2 || p.flat == 1 && !longer
	if !found && w.full.Load() && p.limit > float64(s.Min) {
		p.last = level{p.limit, latency}
		p.limit = s.within(p.limit / 2)
		return p
	}
	base := latency
	if p.flat == 2 { // twice as many calls say more
		base = (p.last.latency + latency) / 2
	}
	// At the top, calls took latency = limit / throughput. The limit whose
	// calls take Tolerance * base is that much lower, at the same throughput.
	limit := p.top.limit * s.Tolerance * float64(base) / float64(p.top.latency)
	every := max(s.ProbeEvery, apart*base)
	return plan{
		limit: s.within(min(max(limit, floor), p.top.limit)),
		base:  base,
		probe: now + time.Duration((0.8+0.4*rand.Float64())*float64(every)),
	}
}

func (s *server) within(limit float64) float64 {
	return min(max(limit, float64(s.Min)), float64(s.Max))
}
