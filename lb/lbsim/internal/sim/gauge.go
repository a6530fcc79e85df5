package sim

import (
	"math"
	"slices"
	"time"
)

// gaugeTau is the time constant of what a server says of its recent past.
const gaugeTau = float64(time.Second)

// gauge is what a server measures of itself, for Load.
type gauge struct {
	qps, eps, use       float64
	qpsAt, epsAt, useAt int64

	recent [128]answers // by how many were in flight when the request came; the last for all above
}

// answers are the latest few, in a ring. Each number in flight has its own: a
// server that has emptied would go on telling of its full time otherwise, and be
// avoided for it.
type answers struct {
	took  [8]int64
	taken int
}

func fade(since int64) float64 { return math.Exp(-float64(since) / gaugeTau) }

// busy notes, before the number of busy workers changes, how many there were.
func (g *gauge) busy(now int64, busy, all int) {
	g.use += (float64(busy)/float64(all) - g.use) * (1 - fade(now-g.useAt))
	g.useAt = now
}

func (g *gauge) answered(now int64, rif int32, took int64) {
	g.qps = g.qps*fade(now-g.qpsAt) + 1
	g.qpsAt = now
	a := &g.recent[min(int(rif), len(g.recent)-1)]
	a.took[a.taken%len(a.took)] = took
	a.taken++
}

func (g *gauge) failed(now int64) {
	g.qps = g.qps*fade(now-g.qpsAt) + 1
	g.qpsAt = now
	g.eps = g.eps*fade(now-g.epsAt) + 1
	g.epsAt = now
}

// report is what the server would say of itself now.
func (s *server) report() Load {
	now := s.w.now
	s.busy(now, len(s.workers)-len(s.idle), len(s.workers))
	second := float64(time.Second) / gaugeTau
	return Load{
		RIF:         s.load(),
		QPS:         s.qps * fade(now-s.qpsAt) * second,
		EPS:         s.eps * fade(now-s.epsAt) * second,
		Utilisation: s.use,
		Silent:      s.hung,
		server:      s,
	}
}

// medianLatency looks among the latest answers for those to requests that came
// at a number in flight near the present one, near enough that there are some.
func (s *server) medianLatency() time.Duration {
	const enough = 8
	rif := min(s.load(), len(s.recent)-1)
	var room [3 * enough]int64
	some := room[:0]
	for near := range s.recent {
		for _, at := range [...]int{rif - near, rif + near} {
			if at >= 0 && at < len(s.recent) && (near > 0 || len(some) == 0) {
				a := &s.recent[at]
				some = append(some, a.took[:min(a.taken, len(a.took))]...)
			}
		}
		if len(some) >= enough {
			break
		}
	}
	if len(some) == 0 {
		return 0
	}
	slices.Sort(some)
	return time.Duration(some[len(some)/2])
}
