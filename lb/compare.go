package lb

// comparison picks the cheapest of a few nodes drawn at random, or of all. The
// cost of a node is
//
//	score × (calls in flight + 1) / weight
//
// where the score is by metric. Chance blurs each cost by up to the share blur,
// which also breaks ties, so that the order does not matter.
type comparison struct {
	by      metric
	choices int     // how many to draw; more than half of the nodes, or 0: compare all
	whole   int     // a pool of up to so many is compared as a whole all the same
	blur    float64 // 0: break ties only
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

func (c *comparison) choose(slots []slot, w want) *slot {
	n := len(slots)
	if n == 0 {
		return nil
	}
	r := slots[0].node.pool.dice()
	if c.choices == 0 || n <= max(c.whole, c.choices) {
		return c.cheapest(slots, w, &r)
	}
	if sl := c.sampled(slots, w, &r); sl != nil {
		return sl
	}
	return c.cheapest(slots, w, &r) // none of those drawn is usable
}

// cheapest compares all slots, from a random one on.
func (c *comparison) cheapest(slots []slot, w want, r *dice) *slot {
	var (
		best  *slot
		least float64
		luck  uint64
		scale = max(c.blur, tie) / (1 << 32)
	)
	for i := range slots {
		if i%2 == 0 {
			luck = r.roll()
		} else {
			luck >>= 32
		}
		sl := &slots[i]
		cost := sl.cost(c.by) * (1 + scale*float64(uint32(luck)))
		if w.trace != nil {
			w.trace.consider(sl, cost, &w)
		}
		// Whether it is usable is asked last: a guard may take its time to answer.
		if (best == nil || cost < least) && w.ok(sl.node) {
			best, least = sl, cost
		}
	}
	return best
}

// sampled compares c.choices different slots. They are drawn one from each of as
// many stretches of equal length, which begin at a random place: all different
// without looking, and each slot with the same chance.
func (c *comparison) sampled(slots []slot, w want, r *dice) *slot {
	var (
		best  *slot
		least float64
		luck  uint64
		scale = max(c.blur, tie) / (1 << 32)
		n     = uint64(len(slots))
		step  = n / uint64(c.choices)
		at    = uint64(r.below(len(slots)))
	)
	for k := range c.choices {
		if k%2 == 0 {
			luck = r.roll()
		} else {
			luck >>= 32
		}
		draw := uint64(uint32(luck)) * step // where in the stretch, and below the point the luck of this cost
		i := at + draw>>32
		if i >= n {
			i -= n
		}
		if at += step; at >= n {
			at -= n
		}
		sl := &slots[i]
		cost := sl.cost(c.by) * (1 + scale*float64(uint32(draw)))
		if w.trace != nil {
			w.trace.consider(sl, cost, &w)
		}
		if (best == nil || cost < least) && w.ok(sl.node) {
			best, least = sl, cost
		}
	}
	return best
}

// cost returns what a call to the slot's node is expected to cost.
func (s *slot) cost(by metric) float64 {
	n := s.node
	return n.scores[by].load() * float64(n.calling()+1) * s.share
}
