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
	maxChoices     = 16
	minSuccess     = 0.02 // below it, failing more makes no difference
	likeMean       = 1.5  // latencies within this factor of the mean are average
	blur           = 0.25 // by how much of it chance may raise a cost
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
type Adaptive struct{ balancer }

var _ kitlb.Balancer = (*Adaptive)(nil)

// NewAdaptive returns an adaptive balancer over p.
func NewAdaptive(p *Pool, cfg AdaptiveConfig) *Adaptive {
	choices := cfg.Choices
	if choices <= 0 {
		choices = defaultChoices
	}
	return &Adaptive{balancer{p, &cheapest{p, choices}}}
}

type cheapest struct {
	pool    *Pool
	choices int
}

func (c *cheapest) choose(slots []slot, w want) *node {
	mean, r := c.pool.mean.load(), c.pool.dice()
	if mean == 0 {
		mean = 1 // nobody has answered yet
	}
	if c.choices <= maxChoices && len(slots) > 2*c.choices {
		var room [maxChoices]uint32
		if n := cheapestOf(slots, r.sample(room[:c.choices], len(slots)), w, mean, &r); n != nil {
			return n
		}
	}
	return cheapestOf(slots, nil, w, mean, &r)
}

// cheapestOf returns the node with the least cost among slots, or among some of
// them by index. Each cost is blurred by chance, which also breaks ties, so that
// the order does not matter.
func cheapestOf(slots []slot, some []uint32, w want, mean float64, r *dice) *node {
	var (
		best  *node
		least float64
		size  = len(slots)
	)
	if some != nil {
		size = len(some)
	}
	for k := range size {
		i := k
		if some != nil {
			i = int(some[k])
		}
		s := &slots[i]
		cost := s.cost(mean) * (1 + blur*r.fraction())
		// Whether it is usable is asked last, since a guard takes a lock to answer.
		if (best == nil || cost < least) && w.ok(s.node) {
			best, least = s.node, cost
		}
	}
	return best
}

// cost returns what a call to the node is expected to cost. A node whose
// latency is not known yet is taken for average.
func (s *slot) cost(mean float64) float64 {
	n := s.node
	latency := n.latency.load()
	if latency == 0 || latency < mean*likeMean && latency*likeMean > mean {
		latency = mean
	}
	latency = max(latency, n.silence.load())
	cost := latency * float64(n.calling()+1) * s.share
	if f := n.failing.load(); f > 0 { // a division, for the few
		ok := max(1-f, minSuccess)
		cost /= ok * ok
	}
	return cost
}
