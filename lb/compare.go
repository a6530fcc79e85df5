package lb

import (
	"context"
	"math"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// comparison picks the cheapest of a few nodes drawn at random, or of all. The
// cost of a node is
//
//	score × (calls in flight + 1) / weight
//
// where the score is by metric. Chance raises each cost by up to the share blur,
// which also breaks ties, so that the order does not matter.
type comparison struct {
	by      metric
	choices int     // how many to draw; 0: compare all
	whole   int     // a pool of up to so many is compared as a whole all the same
	blur    float64 // per unit of 32 bits of luck
	inverse uint64  // of choices: see dice.cut
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
const tie = 1.0 / (1 << 20)

// ready returns c prepared for picks. Its blur is in shares until then; none
// breaks ties only.
func (c comparison) ready() comparison {
	c.blur = max(c.blur, tie) / (1 << 32)
	if c.choices > 0 {
		c.inverse = 1<<32/uint64(c.choices) + 1
	}
	return c
}

// comparing is what balancers share that compare nodes.
type comparing struct {
	balancer
	comparison
}

func (b *comparing) start(set Set, name string, c comparison) {
	b.comparison = c.ready()
	b.follow(set, name, stateless(&b.comparison))
}

// Endpoint implements go-kit's Balancer. The endpoint goes to one instance. It
// is to be called once, soon: nothing is counted until then.
func (b *comparing) Endpoint() (endpoint.Endpoint, error) {
	if p := b.plan.Load(); p.plain && len(p.pickable) > 0 && b.set.root().recorder == nil {
		return b.quick(p.pickable).call, nil
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

func (c *comparison) choose(slots []slot, w want) *slot {
	n := len(slots)
	if n == 0 {
		return nil
	}
	// Whether the node is usable is asked last: a guard may take its time to
	// answer.
	if w.trace == nil {
		if sl := c.quick(slots); w.ok(sl.node) {
			return sl
		}
	}
	r := slots[0].node.pool.dice()
	if c.samples(n) {
		var room [maxChoices]uint32
		cut, drawn := r.cut(n, c.inverse), room[:c.choices]
		for k := range drawn {
			drawn[k] = uint32(cut.draw(r.roll()))
		}
		if sl := c.scan(slots, drawn, w, &r); sl != nil {
			return sl
		}
	}
	return c.scan(slots, nil, w, &r)
}

// samples says whether a pool of n is drawn from, not compared as a whole.
func (c *comparison) samples(n int) bool { return c.choices > 0 && n > max(c.whole, c.choices) }

// quick returns the cheapest slot, whether or not it is usable.
//
// Costs are compared as integers, which positive floats may be, with the
// candidate's number in the last bits: the processor then finds the least without
// guessing, where a branch that depends on chance costs more than all the rest.
func (c *comparison) quick(slots []slot) *slot {
	n := len(slots)
	r := slots[0].node.pool.dice()
	switch {
	case c.samples(n):
		var drawn [maxChoices]uint32
		cut, least, luck := r.cut(n, c.inverse), uint64(math.MaxUint64), uint64(0)
		for k := range c.choices {
			if k&1 == 0 {
				luck = r.roll()
			}
			i := cut.draw(luck)
			drawn[k&(maxChoices-1)] = uint32(i)
			least = min(least, c.ticket(&slots[i], luck*oddly, k))
			luck >>= 32
		}
		return &slots[drawn[least%maxChoices]]
	case n <= maxChoices:
		least, luck := uint64(math.MaxUint64), uint64(0)
		for k := range slots {
			if k&1 == 0 {
				luck = r.roll()
			}
			least = min(least, c.ticket(&slots[k], luck, k))
			luck >>= 32
		}
		return &slots[least%maxChoices]
	}
	return c.scan(slots, nil, want{}, &r)
}

// oddly makes other luck of the same: its last 32 bits no longer tell where in
// its stretch a candidate was.
const oddly = 0x9e3779b1

// ticket returns the cost of a slot as an integer whose last bits are k.
func (c *comparison) ticket(sl *slot, luck uint64, k int) uint64 {
	return math.Float64bits(c.cost(sl, luck))&^(maxChoices-1) | uint64(k)
}

// cost returns what a call to the slot's node is expected to cost, blurred by 32
// bits of luck. It is negative if the node is closed, which as a ticket is more
// than all others.
func (c *comparison) cost(sl *slot, luck uint64) float64 {
	n := sl.node
	return n.scores[c.by].load() * float64(n.inflight.Load()+1) * sl.share * (1 + c.blur*float64(uint32(luck)))
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
		cost := c.cost(sl, r.roll())
		if w.trace != nil {
			w.trace.consider(sl, cost, &w)
		}
		if (best == nil || cost < least) && w.ok(sl.node) {
			best, least = sl, cost
		}
	}
	return best
}
