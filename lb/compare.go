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
	inverse uint64 // of choices: it saves picks a division
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
const tie = 20

// ready returns c prepared for picks.
func (c comparison) ready() comparison {
	if c.blur == 0 {
		c.blur = tie
	}
	c.blur += 12 // the bits of a float before its fraction
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
		if sl := c.scan(slots, c.draw(&room, n, &r), w, &r); sl != nil {
			return sl
		}
		w.trace.begin()
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
	n, r := len(slots), slots[0].node.pool.dice()
	switch {
	case c.samples(n):
		return c.sampled(slots, r)
	case n <= maxChoices:
		least := uint64(math.MaxInt64)
		for k := 0; k < n; k += 2 { // two for one number
			luck := r.roll()
			least = lesser(least, c.ticket(slots[k].node, luck, k))
			if k+1 < n {
				least = lesser(least, c.ticket(slots[k+1].node, luck<<32, k+1))
			}
		}
		return &slots[least%maxChoices]
	}
	return c.scan(slots, nil, want{}, &r)
}

// sampled is quick for a few slots drawn at random, all different. All are
// drawn before the first is looked at, so that the processor fetches the nodes
// of a large pool side by side.
func (c *comparison) sampled(slots []slot, r dice) *slot {
	var (
		room  [maxChoices]uint32
		nodes [maxChoices]*node
	)
	drawn := c.draw(&room, len(slots), &r)
	for k, i := range drawn {
		nodes[k%maxChoices] = slots[i].node
	}
	least := uint64(math.MaxInt64)
	for k := 0; k < len(drawn); k += 2 { // two for one number
		luck := r.roll()
		least = lesser(least, c.ticket(nodes[k%maxChoices], luck, k))
		if k+1 == len(drawn) {
			break
		}
		least = lesser(least, c.ticket(nodes[(k+1)%maxChoices], luck<<32, k+1))
	}
	return &slots[room[least%maxChoices]]
}

// draw fills room with the numbers of c.choices slots out of n. They are drawn one
// from each of as many stretches of equal length, which are laid end to end from
// a random place on: all different without looking, and each with the same chance.
func (c *comparison) draw(room *[maxChoices]uint32, n int, r *dice) []uint32 {
	drawn := room[:c.choices]
	step := uint64(n) * c.inverse >> 32
	at := uint64(r.below(n))
	for k := 0; k < len(drawn); k += 2 { // two for one number
		luck := r.roll()
		drawn[k] = around(at+(luck>>32)*step>>32, n)
		at += step
		if k+1 == len(drawn) {
			break
		}
		drawn[k+1] = around(at+uint64(uint32(luck))*step>>32, n)
		at += step
	}
	return drawn
}

// around returns i modulo n, for i below 2n, without a branch that depends on i.
func around(i uint64, n int) uint32 {
	i -= uint64(n)
	return uint32(i + uint64(n)&uint64(int64(i)>>63))
}

// ticket returns the cost of a node as an integer whose last bits are k.
func (c *comparison) ticket(n *node, luck uint64, k int) uint64 {
	return math.Float64bits(c.cost(n, luck))&^(1<<63|maxChoices-1) | uint64(k)
}

// lesser is min for numbers below 1<<63, and surely without a branch.
func lesser(a, b uint64) uint64 {
	d := int64(b - a)
	return a + uint64(d&(d>>63))
}

// cost returns what a call to the node is expected to cost, blurred by the first
// 32 bits of luck. Of a node that is closed it is so far below 0 that, without
// its sign, it is more than all others.
func (c *comparison) cost(n *node, luck uint64) float64 {
	lucky := math.Float64frombits(one | luck>>(c.blur&63)) // in [1, 1 + 1/2^blur)
	return n.scores[c.by%metrics].load() * float64(n.inflight.Load()+1) * lucky
}

const one = 0x3ff << 52 // the bits of 1.0

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
		cost := c.cost(sl.node, r.roll())
		if w.trace != nil {
			w.trace.consider(sl, cost, &w)
		}
		if (best == nil || cost < least) && w.ok(sl.node) {
			best, least = sl, cost
		}
	}
	return best
}
