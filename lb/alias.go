package lb

import "math/bits"

// aliasTable draws indices at random, each with a chance in proportion to its
// weight, in constant time: Walker's alias method as built by Vose ("A linear
// algorithm for generating random numbers with a given distribution", 1991).
// Of n equal cells each belongs to one index up to a threshold, and beyond it to
// another. The table is built from whole numbers, so that, unlike with
// fractions, nothing is left over that rounding could give to the wrong one: an
// index of weight 0 is never drawn. Each chance is exact to 2^-32 of a cell.
type aliasTable []aliasCell

// aliasCell is eight bytes, so that a draw touches one cache line.
type aliasCell struct {
	keep  uint32 // of 2^32: the share of the cell's own index
	other uint32 // who has the rest
}

// newAliasTable returns the table for weights, or nil if none is above 0. It
// takes time in proportion to their number. The sum of the weights, times their
// number, must be less than 2^64.
func newAliasTable(weights []int) aliasTable {
	var sum uint64
	for _, w := range weights {
		sum += uint64(max(w, 0))
	}
	if sum == 0 {
		return nil
	}
	n := len(weights)
	t := make(aliasTable, n)
	left := make([]uint64, n) // of each index: its weight times n, where a cell is worth sum
	queue := make([]uint32, n)
	small, large := 0, n // queue[:small] is worth less than a cell, queue[large:] is not
	for i, w := range weights {
		left[i] = uint64(max(w, 0)) * uint64(n)
		if left[i] < sum {
			queue[small] = uint32(i)
			small++
		} else {
			large--
			queue[large] = uint32(i)
		}
	}
	for small > 0 {
		small--
		poor, rich := queue[small], queue[large] // somebody has what poor lacks
		t[poor] = aliasCell{threshold(left[poor], sum), rich}
		left[rich] -= sum - left[poor]
		if left[rich] < sum {
			large++
			queue[small] = rich
			small++
		}
	}
	for ; large < n; large++ { // they are worth one cell each, exactly
		t[queue[large]] = aliasCell{0, queue[large]}
	}
	return t
}

// threshold returns part/whole of 2^32, rounded, but something if part is
// something. part is less than whole.
func threshold(part, whole uint64) uint32 {
	q, r := bits.Div64(part>>32, part<<32, whole)
	if r >= whole-r && q < 1<<32-1 || q == 0 && part > 0 {
		q++
	}
	return uint32(q)
}

// pick returns an index. luck is 64 random bits: the cell is taken from the
// upper ones, the place in it from those below.
func (t aliasTable) pick(luck uint64) int {
	cell, place := bits.Mul64(luck, uint64(len(t)))
	c := t[cell]
	other := (int64(place>>32) - int64(c.keep)) >> 63 // 0 if it is the other; a branch would be guessed wrong half of the time
	return int(int64(c.other)&^other | int64(cell)&other)
}
