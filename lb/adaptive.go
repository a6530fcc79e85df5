package lb

import (
	kitlb "github.com/go-kit/kit/sd/lb"
	"math"
)

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
// what is not refreshed drifts to the average of the pool. Ties are broken at
// random, so that clients without knowledge do not act as one.
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
	mean, r := c.pool.mean.load(), newDice()
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
// them by index. The order does not matter, since ties are broken fairly.
func cheapestOf(slots []slot, some []uint32, w want, mean float64, r *dice) *node {
	var (
		best  *node
		least float64
		ties  int
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
		cost := s.cost(mean)
		switch {
		case best != nil && cost > least:
		case !w.ok(s.node): // asked last, since a guard takes a lock to answer
		case best == nil || cost < least:
			best, least, ties = s.node, cost, 1
		default:
			if ties++; r.below(ties) == 0 {
				best = s.node
			}
		}
	}
	return best
}

// cost returns what a call to the node is expected to cost. A node whose
// latency is not known yet is taken for average.
func (s *slot) cost(mean float64) float64 {
	n := s.node
	if latency := n.latency.load(); math.Float64bits(latency) != 0 {
		mean = latency
	}
	cost := mean * float64(n.calling()+1) * s.share
	if f := n.failing.load(); math.Float64bits(f) != 0 { // a division, for the few
		ok := max(1-f, minSuccess)
		cost /= ok * ok
	}
	return cost
}
