package sim

import (
	"math"
	"math/rand/v2"
)

// References are the bounds that others are measured against. Central is one
// queue before the workers of all servers: whoever has waited longest gets the
// fastest idle worker. It is hard to beat where speeds are equal; where they are
// not, it gives calls to slow workers that had better wait. Oracle is what a
// client could do who knew the queues and speeds of all servers at this moment:
// it joins the shortest expected wait.
func References() []Policy {
	return []Policy{
		{Name: "central", central: true, follows: true},
		{Name: "oracle", follows: true, New: func(e Env) Caller { return &oracle{e.world, e.Rand} }},
	}
}

// assign gives calls that wait before all servers to the fastest idle ones.
func (w *world) assign() {
	for w.central != nil && w.central.count > 0 {
		var best *server
		for _, s := range w.servers {
			if s.usable() && len(s.idle) > 0 && (best == nil || s.speed > best.speed ||
				s.speed == best.speed && len(s.idle) > len(best.idle)) {
				best = s
			}
		}
		if best == nil {
			return
		}
		j := w.central.pop()
		if w.Cancel && !w.live(j.call) {
			continue
		}
		w.tally.picks(w.now, best.index)
		best.begin(j)
	}
}

type oracle struct {
	w *world
	r *rand.Rand
}

func (o *oracle) Start() (int, func(bool)) {
	best, least, ties := -1, math.Inf(1), 0
	for i, s := range o.w.servers {
		wait := s.expected()
		switch {
		case best < 0 || wait < least:
			best, least, ties = i, wait, 1
		case wait == least:
			if ties++; o.r.IntN(ties) == 0 {
				best = i
			}
		}
	}
	return best, nil
}

func (o *oracle) Close() {}

// expected is how long one more call would take, in mean service times.
func (s *server) expected() float64 {
	if !s.usable() {
		return math.Inf(1)
	}
	ahead, workers := s.load()+s.coming, len(s.workers)
	wait := float64(max(ahead+1-workers, 0)) / float64(workers)
	return (wait + 1) / s.speed
}
