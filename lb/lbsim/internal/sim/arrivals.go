package sim

import "math/rand/v2"

// stream is the calls to come: a Poisson process, whose rate bursts may swing.
// It draws from generators of its own, so that every policy meets the same calls.
type stream struct {
	at  int64 // when the next begins; never if there is none
	seq uint64

	end     int64
	gap     float64 // mean time between two, in nanoseconds, at rate 1
	bursts  *Bursts
	high    bool
	changes int64 // when high does
	r       *rand.Rand
	service Service
	clients int
}

func newStream(sc *Scenario, r *rand.Rand) *stream {
	s := &stream{
		end: int64(sc.Warmup + sc.Length), gap: 1e9 / sc.Rate, bursts: sc.Bursts,
		high: true, changes: never, r: r, service: sc.Service, clients: sc.Clients,
	}
	if s.bursts != nil {
		s.changes = 0
	}
	s.advance(0)
	return s
}

// take returns the call that is due, and looks for the next.
func (s *stream) take(w *world) (client int, work float64) {
	client, work = s.r.IntN(s.clients), s.service.draw(s.r)
	s.advance(s.at)
	s.seq = w.order()
	return client, work
}

// advance sets at to the first call after now. A call that would come after the
// rate changes is drawn anew from the change on, which is right, since
// exponential times have no memory.
func (s *stream) advance(now int64) {
	for {
		rate := 1.0
		if s.bursts != nil {
			rate = s.bursts.Low
			if s.high {
				rate = s.bursts.High
			}
		}
		if s.at = now + int64(s.r.ExpFloat64()*s.gap/rate); s.at < s.changes {
			break
		}
		now = s.changes
		s.high = !s.high
		mean := s.bursts.LowFor
		if s.high {
			mean = s.bursts.HighFor
		}
		s.changes += 1 + int64(s.r.ExpFloat64()*float64(mean))
	}
	if s.at >= s.end {
		s.at = never
	}
}
