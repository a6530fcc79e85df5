package lb

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// comparison picks the cheapest of a few nodes drawn at random, or of all. The
// cost of a node is
//
//	score × (calls in flight + 1)
//
// where the score is by metric, and in proportion to 1/weight. Chance raises each
// cost by up to the share 1/2^blur, which also breaks ties, so that the order does
// not matter.
type comparison struct {
	by      metric
	choices int    // how many to draw; 0: compare all
	whole   int    // a pool of up to so many is compared as a whole all the same
	blur    uint   // by how much of it chance may raise a cost, as a power of two: 2 is a quarter
	luck    uint64 // the bits of a random number that raise a cost
}

// maxChoices is how many may be drawn: more cost as much as looking at all.
const maxChoices = 16

// upTo returns choices, or 0, for all, if they are too many to draw.
func upTo(choices int) int {
	if choices > maxChoices {
		return 0
	}
	return choices
}

// tie is the blur of those who want none: enough to break ties, not to make one.
const tie = 10

// ready returns c prepared for picks.
func (c comparison) ready() comparison {
	if c.blur == 0 {
		c.blur = tie
	}
	c.luck = 1<<(unit-c.blur) - 1
	return c
}

// comparing is what balancers share that compare nodes.
type comparing struct {
	balancer
	comparison
}

func (b *comparing) start(set Set, name string, c comparison) {
	b.comparison = c.ready()
	b.follow(set, name, func(s *snapshot) chooser { return newContest(&b.comparison, s.pickable) })
}

// Endpoint implements go-kit's Balancer. The endpoint goes to one instance. It
// is to be called once, soon: nothing is counted until then.
func (b *comparing) Endpoint() (endpoint.Endpoint, error) {
	if p := b.plan.Load(); p.swift {
		if t, ok := p.by.(*contest); ok && t.loads != nil {
			return t.slots[t.cheapest(t, rand.Uint64())].call, nil
		}
	}
	return b.pick(want{})
}

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *comparing) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	if call := attempt.From(ctx); call.Len() > 0 {
		return b.pick(want{untried: call})
	}
	return b.Endpoint()
}

// choose looks at the slots one by one, each whose cost is less than the least so
// far. Whether such a node is usable is asked then: a guard may take its time to
// answer.
func (c *comparison) choose(slots []slot, w want) *slot {
	n := len(slots)
	if n == 0 {
		return nil
	}
	r := slots[0].node.pool.dice()
	if a := c.arcs(n); a.length != 0 {
		var room [maxChoices]uint32
		if sl := c.scan(slots, c.draw(&room, a, n, &r), w, &r); sl != nil {
			return sl
		}
		w.trace.begin()
	}
	return c.scan(slots, nil, w, &r)
}

// draw fills room with the numbers of c.choices slots out of n.
func (c *comparison) draw(room *[maxChoices]uint32, a arcs, n int, r *dice) []uint32 {
	drawn := room[:c.choices]
	at := uint32(r.roll())
	for k := range drawn {
		drawn[k] = uint32(a.place(at, r.roll()>>32, uint64(n)))
		at += a.length
	}
	return drawn
}

// cost returns what a call to the node is expected to cost, raised by luck.
func (c *comparison) cost(n *node, luck uint64) float64 {
	if n.inflight.Load() < 0 { // closed
		return math.Inf(1)
	}
	return float64(math.Float32frombits(n.load.raised(c.by, luck&c.luck)))
}

// scan returns the cheapest of some slots that is wanted, and nil if none is.
// Without some, it looks at all.
func (c *comparison) scan(slots []slot, some []uint32, w want, r *dice) *slot {
	var best *slot
	size, least := len(slots), 0.0
	if some != nil {
		size = len(some)
	}
	for k := range size {
		i := k
		if some != nil {
			i = int(some[k])
		}
		sl := &slots[i]
		cost := c.cost(sl.node, r.roll()>>32)
		if w.trace != nil {
			w.trace.consider(sl, cost, &w)
		}
		if (best == nil || cost < least) && w.ok(sl.node) {
			best, least = sl, cost
		}
	}
	return best
}
