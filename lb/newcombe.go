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

// low returns the least that a proportion can be.
func low(good, bad float64) float64 {
	lo, _ := wilson(good, bad, sigmas)
	return lo
}

// surelyBelow returns by how much the first proportion is at least below the
// second, negative if it may be above: the bound of Newcombe's hybrid score
// interval (1998, method 10) for their difference.
func surelyBelow(good, bad, good2, bad2 float64) float64 {
	if good+bad <= 0 || good2+bad2 <= 0 {
		return -1
	}
	p, q := good/(good+bad), good2/(good2+bad2)
	_, hi := wilson(good, bad, sigmas)
	lo, _ := wilson(good2, bad2, sigmas)
	return q - p - math.Hypot(hi-p, q-lo)
}
