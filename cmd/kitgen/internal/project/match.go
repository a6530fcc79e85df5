package project

import "slices"

// match finds for each line of a one of b that is alike, or -1, in the same
// order: it is a patience diff, which anchors on lines that are unique.
func match(a, b []line) []int {
	to := make([]int, len(a))
	for i := range to {
		to[i] = -1
	}
	matchWithin(a, b, 0, len(a), 0, len(b), to)
	return to
}

func matchWithin(a, b []line, aFrom, aTo, bFrom, bTo int, to []int) {
	for aFrom < aTo && bFrom < bTo && a[aFrom].key == b[bFrom].key {
		to[aFrom] = bFrom
		aFrom, bFrom = aFrom+1, bFrom+1
	}
	for aFrom < aTo && bFrom < bTo && a[aTo-1].key == b[bTo-1].key {
		aTo, bTo = aTo-1, bTo-1
		to[aTo] = bTo
	}
	anchors := increasing(unique(a, b, aFrom, aTo, bFrom, bTo))
	for _, at := range anchors {
		to[at.a] = at.b
		matchWithin(a, b, aFrom, at.a, bFrom, at.b, to)
		aFrom, bFrom = at.a+1, at.b+1
	}
	if len(anchors) > 0 {
		matchWithin(a, b, aFrom, aTo, bFrom, bTo, to)
	}
}

// anchor is a line of a and the one of b that it is.
type anchor struct{ a, b int }

// unique are the lines that each of two ranges has once, in the order of a.
func unique(a, b []line, aFrom, aTo, bFrom, bTo int) []anchor {
	inA, inB, at := map[string]int{}, map[string]int{}, map[string]int{}
	for _, l := range a[aFrom:aTo] {
		inA[l.key]++
	}
	for j := bFrom; j < bTo; j++ {
		inB[b[j].key]++
		at[b[j].key] = j
	}
	var out []anchor
	for i := aFrom; i < aTo; i++ {
		if key := a[i].key; inA[key] == 1 && inB[key] == 1 {
			out = append(out, anchor{i, at[key]})
		}
	}
	return out
}

// increasing is the longest run of anchors that are in order in b, too.
func increasing(all []anchor) []anchor {
	var tails []int // index in all of the last anchor of the best run of each length
	before := make([]int, len(all))
	for i, x := range all {
		n, _ := slices.BinarySearchFunc(tails, x.b, func(t, b int) int { return all[t].b - b })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		tails = append(tails[:n], append([]int{i}, tails[min(n+1, len(tails)):]...)...)
	}
	if len(tails) == 0 {
		return nil
	}
	out := make([]anchor, len(tails))
	for i, n := tails[len(tails)-1], len(out)-1; n >= 0; i, n = before[i], n-1 {
		out[n] = all[i]
	}
	return out
}
