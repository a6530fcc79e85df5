package lb

import "math/bits"

// roomFor is how many calls a node may have in flight when one more is to be
// placed, by consistent hashing with bounded loads (Mirrokni, Thorup and
// Zadimoghaddam, arXiv 1608.01350):
//
//	⌈factor · (total + 1) · weight / weights⌉
//
// where total is in flight at all nodes together and weights the sum of theirs.
// factor is in thousandths. With one of at least 1000 some node always has room
// for another. The division is exact, so the bound holds to the last call; it
// is 1 at least, for a weight above 0.
func roomFor(factor, total, weight, weights int64) int64 {
	if weight <= 0 || weights <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(factor)*uint64(max(total, 0)+1), uint64(weight))
	whole := 1000 * uint64(weights)
	lo, carry := bits.Add64(lo, whole-1, 0)
	room, _ := bits.Div64(hi+carry, lo, whole)
	return int64(room)
}
