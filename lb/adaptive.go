package lb

import (
	"math"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// AdaptiveConfig configures an Adaptive. The zero value is good.
type AdaptiveConfig struct {
	// Choices is how many instances a pick compares; 8 if zero. A pool of up to
	// twice as many is compared as a whole, and so is any pool if it is above 16.
	Choices int
}

const (
	defaultChoices = 8
	minSuccess     = 0.02 // below it, failing more makes no difference
	likeMean       = 1.2  // latencies within this factor of the mean are average
	slack          = 1e5  // nanoseconds by which latencies may differ because of the machine and the network
	adaptiveBlur   = 3    // chance may raise a cost by 1/2^3
)

// Adaptive picks the instance that promises the shortest wait, and is the
// balancer to use unless there is a reason not to. Of a few instances drawn at
// random, all different, it picks the one with the least
//
//	latency × (calls in flight + 1) / weight / success² × 2^strikes
//
// where latency is a moving average of successful calls over about two seconds,
// success the share of calls that did not fail, remembered for about ten, and
// strikes the failures since the last success, of which two thirds are forgotten in
// five seconds. So an instance that fails fast does not look fast, and is
// tried again by a call every few seconds only; one that is slow or full is
// relieved at once; and one without calls is neither forgotten nor swamped: what
// is not refreshed drifts to the average of the pool, two thirds of the way in
// five seconds. One that has not answered yet counts as average; one that has
// answered nothing for longer than its average, as slow as its silence.
//
// A latency within a factor of 1.2 of the average counts as average, a tenth of a
// millisecond makes no difference, and chance raises each cost by up to an eighth:
// averages of a few calls are no more exact than that. To follow them further
// would send most calls of a client with little in flight to one of several
// equals. Under load, calls in flight tell the smaller differences.
//
// The latency term is Finagle's without its peak, which remembers a pause for too
// long, and the success term kratos'; how they were put together, and what else
// was tried, is in docs/balancing.md, measured with package lbsim.
//
// It sees this client's calls only. It is safe for concurrent use.
type Adaptive struct{ comparing }

var _ kitlb.Balancer = (*Adaptive)(nil)

// NewAdaptive returns an adaptive balancer over set.
func NewAdaptive(set Set, cfg AdaptiveConfig) *Adaptive {
	set = orNobody(set)
	choices := cfg.Choices
	if choices <= 0 {
		choices = defaultChoices
	}
	b := new(Adaptive)
	b.start(set, "adaptive", comparison{by: byCost, choices: upTo(choices), whole: 2 * choices, blur: adaptiveBlur})
	return b
}

// score returns what a call to the node is expected to cost, apart from others
// in flight. A node whose latency is not known yet is taken for average.
func (n *node) score(mean float64) float64 {
	latency := n.latency.load() + slack
	mean += slack
	if latency == slack || latency < mean*likeMean && latency*likeMean > mean {
		latency = mean
	}
	cost := max(latency, n.silence.load()) * n.scores[byInFlight].load()
	if f := n.failing.load(); f > 0 {
		ok := max(1-f, minSuccess)
		cost *= math.Exp2(n.strikes.load()) / (ok * ok)
	}
	return cost
}
