package lb

import (
	"cmp"
	"math/bits"
	"slices"
)

// A schedule is whose turn it is: each index as often as its weight says, and
// evenly. After every t turns of a cycle of W, an index of weight w has had
//
//	|turns - t·w/W| < 1
//
// so no window of turns is more than 2 away from its share, and one of W turns
// has it exactly. This is the chairman assignment of Tijdeman ("The chairman
// assignment problem", 1980), who proved that the difference can be kept to
// 1 - 1/(2n-2) for n indices. That gives every turn a first and a last moment,
// and to serve the most urgent first meets them all. A pick is then one step
// along a list. NGINX's smooth weighted round robin, which always serves whoever
// is furthest behind, takes n steps for every turn, and has been seen 1.58 away.
//
// The order is the same for the same weights. Of equally urgent turns, that of
// the heavier index comes first, then that of the lower one. For weights 5, 1
// and 1 it is a a b a a c a: unlike NGINX's a a b a c a a it has, repeated, never
// more than three a in a row.
type schedule []uint32

// Exact shares are worth megabytes, not more: the longest cycle is turnsPerNode
// times the number of indices, and no less than shortCycle.
const (
	shortCycle   = 1 << 16
	turnsPerNode = 52  // so that weights to 100 are exact whatever the number of indices
	lightest     = 100 // of a mean weight: the smallest part that a cut cycle keeps apart
)

// longestCycle returns the longest cycle for n indices.
func longestCycle(n int) int { return max(shortCycle, turnsPerNode*n) }

// newSchedule returns one cycle for weights, or nil if none is above 0. Weights
// are exact while their sum, divided by what divides them all, is no more than
// longest. If it is, they are rounded to parts of about that: each share is then
// right to one turn per cycle, except that a weight above 0, but below a
// hundredth of the mean, counts as so much, so that nobody waits for more than
// about 100 turns for each index. It takes some 10 ns per turn of the cycle.
func newSchedule(weights []int, longest int) schedule {
	turns, length := turnsOf(weights, longest)
	switch {
	case length == 0:
		return nil
	case len(turns) == length: // equal weights
		s := make(schedule, length)
		for k := range s {
			s[k] = turns[k].index
		}
		return s
	}
	return arrange(pacesOf(turns, length), length)
}

// portion is how many turns an index has in a cycle.
type portion struct {
	index uint32
	turns uint64
}

// turnsOf returns the shares of all weights above 0, in their order, and the
// length of the cycle.
func turnsOf(weights []int, longest int) (shares []portion, length int) {
	var sum, gcd uint64
	for i, w := range weights {
		if w > 0 {
			shares = append(shares, portion{uint32(i), uint64(w)})
			sum += uint64(w)
			for a := uint64(w); a != 0; {
				gcd, a = a, gcd%a
			}
		}
	}
	if len(shares) == 0 {
		return nil, 0
	}
	for i := range shares {
		shares[i].turns /= gcd
	}
	sum /= gcd
	if sum > uint64(longest) {
		sum = cut(shares, sum, uint64(longest))
	}
	return shares, int(sum)
}

// cut rounds shares of a cycle of sum to one of about length, and returns how
// long it has become.
func cut(shares []portion, sum, length uint64) (became uint64) {
	least := max(1, length/(lightest*uint64(len(shares))))
	for i := range shares {
		hi, lo := bits.Mul64(shares[i].turns, length)
		lo, carry := bits.Add64(lo, sum/2, 0)
		rounded, _ := bits.Div64(hi+carry, lo, sum)
		shares[i].turns = max(rounded, least)
		became += shares[i].turns
	}
	return became
}

// pace is when the next turn of an index is due: at places, which count from 0,
// from first to last.
type pace struct {
	index       uint32
	turns       uint32 // still to come
	first, last uint32
	step        uint32 // from one turn to the next, and rest/part of a place

	firstRest, lastRest, rest, part uint64
}

// pacesOf returns the paces of shares, the most important last. The k-th turn of
// a share of w in W, where k counts from 0, may be at
//
//	first = ⌈(k + 1/D)·W/w⌉ - 1    last = ⌊(k + 1 - 1/D)·W/w⌋    D = 2n-2
//
// Before first the index would be ahead, after last behind, by more than 1 - 1/D.
func pacesOf(shares []portion, length int) []pace {
	whole, d := uint64(length), uint64(2*len(shares)-2)
	paces := make([]pace, len(shares))
	for i, s := range shares {
		part := s.turns * d
		ahead, behind := whole-1, whole*(d-1) // times part
		paces[i] = pace{
			index: s.index, turns: uint32(s.turns), part: part,
			first: uint32(ahead / part), firstRest: ahead % part,
			last: uint32(behind / part), lastRest: behind % part,
			step: uint32(whole / s.turns), rest: whole % s.turns * d,
		}
	}
	slices.SortFunc(paces, func(a, b pace) int {
		return cmp.Or(cmp.Compare(a.turns, b.turns), cmp.Compare(b.index, a.index))
	})
	return paces
}

// next goes on to the next turn.
func (p *pace) next() {
	p.turns--
	p.first += p.step
	if p.firstRest += p.rest; p.firstRest >= p.part {
		p.firstRest -= p.part
		p.first++
	}
	p.last += p.step
	if p.lastRest += p.rest; p.lastRest >= p.part {
		p.lastRest -= p.part
		p.last++
	}
}

// arrange gives each turn, the most urgent first, the first free place that it
// may have. It sorts the turns by counting, a stretch of the cycle after the
// other, so that what it touches stays in the processor's cache.
func arrange(paces []pace, length int) schedule {
	const stretch = 1 << 13
	type turn struct{ index, first, then uint32 }
	var (
		places = newPlaces(length)
		due    [stretch]uint32 // the first of turns with this last place
		turns  []turn
	)
	for from := uint32(0); int(from) < length; from += stretch {
		turns = append(turns[:0], turn{}) // 0 ends a list
		for i := range paces {
			for p := &paces[i]; p.turns > 0 && p.last < from+stretch; p.next() {
				head := &due[p.last-from]
				turns = append(turns, turn{p.index, p.first, *head})
				*head = uint32(len(turns) - 1)
			}
		}
		for i := range due {
			for k := due[i]; k != 0; k = turns[k].then {
				places.give(turns[k].index, turns[k].first)
			}
			due[i] = 0
		}
	}
	return places.taken
}

// places are those of a cycle.
type places struct {
	taken schedule
	free  []uint64 // a set bit is a free place
	from  uint32   // no word of free before this one has a set bit
}

func newPlaces(length int) places {
	p := places{taken: make(schedule, length), free: make([]uint64, length/64+1)}
	for i := range p.free {
		p.free[i] = ^uint64(0)
	}
	return p
}

// give gives the first free place from first on to index.
func (p *places) give(index, first uint32) {
	for p.free[p.from] == 0 {
		p.from++
	}
	word := max(first/64, p.from)
	here := p.free[word]
	if word == first/64 {
		here &^= 1<<(first%64) - 1
	}
	for here == 0 {
		word++
		here = p.free[word]
	}
	p.free[word] &^= here & -here
	p.taken[word*64+uint32(bits.TrailingZeros64(here))] = index
}
