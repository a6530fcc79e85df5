package lb

import "math"

// wilson returns the bounds of Wilson's score interval (1927) for a proportion of
// which good and bad were seen, at z standard deviations:
//
//	(p + z²/2m ± z √(p(1-p)/m + z²/4m²)) / (1 + z²/m)
//
// It is right for few observations and for proportions near 0 and 1, where the
// usual p ± z √(p(1-p)/m) is not.
func wilson(good, bad, z float64) (lo, hi float64) {
	m := good + bad
	if m <= 0 {
		return 0, 1
	}
	p, zz := good/m, z*z/m
	mid := p + zz/2
	half := z * math.Sqrt(p*(1-p)/m+zz/(4*m))
	return max((mid-half)/(1+zz), 0), min((mid+half)/(1+zz), 1)
}

// surelyMost says whether a proportion, of which part of all was seen, is above a
// half.
func surelyMost(part, all float64) bool {
	if 2*part <= all { // nearly always
		return false
	}
	lo, _ := wilson(part, all-part, sigmas)
	return lo > 0.5
}

// surelyBelow says whether the first proportion is below the second by more than
// margin, by the bound of Newcombe's hybrid score interval (1998, method 10) for
// their difference.
func surelyBelow(good, bad, good2, bad2, margin float64) bool {
	if good+bad <= 0 || good2+bad2 <= 0 {
		return false
	}
	p, q := good/(good+bad), good2/(good2+bad2)
	if q-p <= margin { // nearly always
		return false
	}
	_, hi := wilson(good, bad, sigmas)
	lo, _ := wilson(good2, bad2, sigmas)
	return q-p-math.Hypot(hi-p, q-lo) > margin
}
