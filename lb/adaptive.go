package lb

import kitlb "github.com/go-kit/kit/sd/lb"

// AdaptiveConfig configures an Adaptive. The zero value is good.
type AdaptiveConfig struct {
	// Choices is how many instances a pick compares; 8 if zero. A pool of up to
	// twice as many is compared as a whole, and so is any pool if it is above 16.
	Choices int
}

const (
	defaultChoices = 8
	minSuccess     = 0.02 // below it, failing more makes no difference
	likeMean       = 1.5  // latencies within this factor of the mean are average
	blur           = 2    // chance may raise a cost by 1/2^2
)

// Adaptive picks the instance that promises the shortest wait, and is the
// balancer to use unless there is a reason not to. Of a few instances drawn at
// random, all different, it picks the one with the least
//
//	latency × (calls in flight + 1) / weight / success²
//
// where latency is a moving average of successful calls over about two seconds,
// and success the share of calls that did not fail, remembered for about ten.
// So an instance that fails fast does not look fast, one that is slow or full
// is relieved at once, and one without calls is neither forgotten nor swamped:
// what is not refreshed drifts to the average of the pool. One that has answered
// nothing for longer than its average is taken to be as slow as its silence.
//
// A latency within a factor of 1.5 of the average counts as average, and chance
// blurs each cost by up to a quarter: averages of a few calls are no more exact
// than that, and to follow them would send most calls of a client with little in
// flight to one of several equals, and the others would never show that they are
// as good. Under load, calls in flight tell the smaller differences.
//
// It sees this client's calls only. It is safe for concurrent use.
type Adaptive struct{ comparing }

var _ kitlb.Balancer = (*Adaptive)(nil)

// NewAdaptive returns an adaptive balancer over set.
func NewAdaptive(set Set, cfg AdaptiveConfig) *Adaptive {
	choices := cfg.Choices
	if choices <= 0 {
		choices = defaultChoices
	}
	b := new(Adaptive)
	b.start(set, "adaptive", comparison{by: byCost, choices: upTo(choices), whole: 2 * choices, blur: blur})
	return b
}

// score returns what a call to the node is expected to cost, apart from others
// in flight. A node whose latency is not known yet is taken for average.
func (n *node) score(mean float64) float64 {
	if mean == 0 {
		mean = 1 // nobody has answered yet
	}
	latency := n.latency.load()
	if latency == 0 || latency < mean*likeMean && latency*likeMean > mean {
		latency = mean
	}
	latency = max(latency, n.silence.load())
	if f := n.failing.load(); f > 0 {
		ok := max(1-f, minSuccess)
		latency /= ok * ok
	}
	return latency * n.share.load()
}
