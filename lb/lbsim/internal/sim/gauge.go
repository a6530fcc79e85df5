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

	recent [32]sample // the latest answers, in a ring
	taken  int
}

type sample struct {
	rif  int32
	took int64
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
	g.recent[g.taken%len(g.recent)] = sample{rif, took}
	g.taken++
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
		server:      s,
	}
}

// medianLatency looks among the latest answers for those to requests that came
// at a number in flight near the present one, near enough that there are some.
func (s *server) medianLatency() time.Duration {
	const enough = 8
	known := s.recent[:min(s.taken, len(s.recent))]
	if len(known) == 0 {
		return 0
	}
	rif := int32(s.load())
	var room [len(s.recent)]int64
	for near := int32(1); ; near *= 2 {
		some := room[:0]
		for _, k := range known {
			if d := k.rif - rif; -near <= d && d <= near {
				some = append(some, k.took)
			}
		}
		if len(some) >= min(enough, len(known)) {
			slices.Sort(some)
			return time.Duration(some[len(some)/2])
		}
	}
}
