package lb

import (
	"math"
	"time"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// peakTau is Finagle's and Linkerd's time constant.
const peakTau = 10 * time.Second

// PeakEWMAConfig configures a PeakEWMA. The zero value is good.
type PeakEWMAConfig struct {
	Choices int // how many instances a pick compares; 2 if zero, all if above 16
}

// PeakEWMA is Finagle's and Linkerd's balancer, for those who know it: of two
// instances that chance draws, always different, it picks the one with the least
//
//	peak × (calls in flight + 1) / weight
//
// where peak is a latency that jumps up to every slower sample at once, and
// comes down by an average with a time constant of 10 s; without samples it
// decays to nothing. An instance that has not been called yet counts as average.
// Failures count by the time they took, so an instance that fails at once looks
// quick: with two choices it gets two shares of the calls. Adaptive does not fall
// for that.
//
// It sees this client's calls only. It is safe for concurrent use.
type PeakEWMA struct{ comparing }

var _ kitlb.Balancer = (*PeakEWMA)(nil)

// NewPeakEWMA returns a peak EWMA balancer over set.
func NewPeakEWMA(set Set, cfg PeakEWMAConfig) *PeakEWMA {
	set = orNobody(set)
	choices := cfg.Choices
	if choices <= 0 {
		choices = 2
	}
	set.root().peaks.Store(true)
	b := new(PeakEWMA)
	b.start(set, "peak EWMA", comparison{by: byPeak, choices: upTo(choices)})
	return b
}

// peaked adds a call that took d, whatever became of it, to the peak average.
func (n *node) peaked(d time.Duration, now int64) {
	x := math.Max(float64(d), 1) * n.scores[byInFlight].load()
	before := n.peakedAt.Load()
	if before != 0 && now-before < brief && x < n.scores[byPeak].load() {
		return // the next sample decays it by this gap too
	}
	n.peakedAt.Store(max(now, 1))
	if old := n.scores[byPeak].load(); before != 0 && x < old {
		x += (old - x) * math.Exp(-float64(max(now-before, 0))/float64(peakTau))
	}
	n.scores[byPeak].store(x)
}

// forgetPeak lets the peak decay for the time dt, as Finagle does when it reads
// it. An instance that is not known yet is average.
func (n *node) forgetPeak(dt int64, mean float64) {
	peak := max(mean, 1) * n.scores[byInFlight].load()
	if n.peakedAt.Load() != 0 {
		peak = max(n.scores[byPeak].load()*math.Exp(-float64(dt)/float64(peakTau)), 1e-9)
	}
	n.scores[byPeak].store(peak)
}
