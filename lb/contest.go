package lb

import (
	"math"
	"slices"
)

// contest is a comparison prepared for those who can be picked from one snapshot,
// so that a pick takes a few instructions for each of them.
type contest struct {
	*comparison
	slots []slot
	loads []*load // of slots, and one that is closed if that makes their number even; nil if there are none
	arcs  arcs

	// cheapest returns the number of the slot that costs least, whether or not it
	// is usable, by a random number. It needs loads.
	cheapest func(*contest, uint64) int
}

func newContest(c *comparison, slots []slot) *contest {
	t := &contest{comparison: c, slots: slots, arcs: c.arcs(len(slots)), cheapest: (*contest).ofDrawn}
	switch {
	case c.by != byCost:
		t.cheapest = (*contest).ofAny
	case t.arcs.length == 0:
		t.cheapest = (*contest).ofAll
	}
	if len(slots) == 0 {
		return t
	}
	t.loads = make([]*load, 0, len(slots)+1)
	for i := range slots {
		t.loads = append(t.loads, slots[i].node.load)
	}
	if t.arcs.length == 0 && len(slots)%2 != 0 {
		gone := new(load)
		gone.inflight.Store(closed)
		t.loads = append(t.loads, gone)
	}
	t.loads = slices.Clip(t.loads)
	return t
}

// choose implements chooser. Whether the node is usable is asked last: a guard may
// take its time to answer.
func (t *contest) choose(slots []slot, w want) *slot {
	if t.loads != nil && w.ready && w.trace == nil {
		r := slots[0].node.pool.dice()
		if sl := &slots[t.cheapest(t, r.state)]; w.ok(sl.node) {
			return sl
		}
	}
	return t.comparison.choose(slots, w)
}

// lehmer makes one random number from another by multiplication, which costs one
// instruction; both must be odd. The higher bits are the better ones. It is from
// Steele and Vigna, "Computationally easy, spectrally good multipliers for
// congruential pseudorandom number generators", 2022.
const lehmer = 0xf1357aea2e62a9c5

// ofAll and ofDrawn take two at a time, for one random number, and have no branch
// that depends on chance: one that the processor does not foresee costs as much as
// all else that is done for an instance. They go by the default's cost alone; ofAny
// is the plain form, for the other metrics. Costs are compared by their bits, which
// is the same for positive floats, and makes negative ones, of nodes that are
// closed, the highest.

func (t *contest) ofAll(x uint64) int {
	least, found, luck := uint32(math.MaxUint32), 0, t.luck
	loads := t.loads
	x |= 1
	for i := 0; i+1 < len(loads); i += 2 {
		x *= lehmer
		if c := loads[i].raised(byCost, x>>32&luck); c < least {
			least, found = c, i
		}
		if c := loads[i+1].raised(byCost, x>>4&luck); c < least {
			least, found = c, i+1
		}
	}
	return min(found, len(t.slots)-1)
}

func (t *contest) ofDrawn(x uint64) int {
	least, found, luck := uint32(math.MaxUint32), 0, t.luck
	loads, arcs, n, at := t.loads, t.arcs, uint64(len(t.loads)), uint32(x)
	x |= 1
	for k := t.choices; k > 0; k -= 2 {
		x *= lehmer
		high := x >> 32
		low := x&math.MaxUint32 ^ high
		i := arcs.place(at, high, n)
		if c := loads[i].raised(byCost, low&luck); c < least {
			least, found = c, i
		}
		at += arcs.length
		if k == 1 {
			break
		}
		i = arcs.place(at, low, n)
		if c := loads[i].raised(byCost, high&luck); c < least {
			least, found = c, i
		}
		at += arcs.length
	}
	return found
}

// ofAny is ofAll or ofDrawn by whatever metric, one at a time.
func (t *contest) ofAny(x uint64) int {
	least, found, at, n := uint32(math.MaxUint32), 0, uint32(x), len(t.slots)
	x |= 1
	size := n
	if t.arcs.length != 0 {
		size = t.choices
	}
	for k := range size {
		x *= lehmer
		i := k
		if t.arcs.length != 0 {
			i = t.arcs.place(at, x>>32, uint64(n))
			at += t.arcs.length
		}
		if c := t.loads[i].raised(t.by, x>>8&t.luck); c < least {
			least, found = c, i
		}
	}
	return found
}

// raised returns the cost of the load, raised by luck, as bits.
func (l *load) raised(by metric, luck uint64) uint32 {
	lucky := math.Float32frombits(one | uint32(luck)) // from 1 on
	return math.Float32bits(float32(l.inflight.Load()+1) * math.Float32frombits(l.scores[by].bits.Load()) * lucky)
}

// one is the bits of 1, as a float32. Those that follow, below 1<<unit, make it
// more, but less than 2.
const (
	one  = 0x3f800000
	unit = 23
)

// arcs is how a few of n slots are drawn, all different without looking, and each
// with the same chance. They lie on a circle that is 2^32 long, and is turned by
// chance. One is drawn from each of as many arcs, but never from its last stretch
// of the length of a slot, so that two from neighbouring arcs are a slot apart.
type arcs struct {
	length uint32 // of an arc; 0: nothing is drawn, all are compared
	span   uint32 // of what is drawn from
}

// arcs returns how c draws from n, which it does if they are not few.
func (c *comparison) arcs(n int) arcs {
	if c.choices == 0 || n <= max(c.whole, c.choices) {
		return arcs{}
	}
	length := uint32(min((1<<32)/int64(c.choices), math.MaxUint32))
	return arcs{length, length - uint32((1<<32)/int64(n)) - 1}
}

// place returns the slot out of n that luck, 32 random bits, draws from the arc
// that begins at at.
func (a arcs) place(at uint32, luck, n uint64) int {
	return int(uint64(at+uint32(luck*uint64(a.span)>>32)) * n >> 32)
}
