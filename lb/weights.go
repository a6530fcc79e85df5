package lb

import "slices"

// prepare returns the by of balancers that build a table from IDs and weights.
// It builds one only when these have changed: most snapshots differ in other
// things.
func prepare(build func(ids []string, weights []int) chooser) func(*snapshot) chooser {
	var (
		ids     []string
		weights []int
		last    chooser
	)
	return func(s *snapshot) chooser {
		newIDs, newWeights := make([]string, len(s.pickable)), make([]int, len(s.pickable))
		for i := range s.pickable {
			newIDs[i], newWeights[i] = s.pickable[i].in.ID, s.pickable[i].weight()
		}
		if last == nil || !slices.Equal(ids, newIDs) || !slices.Equal(weights, newWeights) {
			ids, weights = newIDs, newWeights
			last = build(ids, weights)
		}
		return last
	}
}

// anyByWeight returns one of the slots that w wants, with chances in proportion
// to their weights, by looking at all of them: for when draws did not find one.
func anyByWeight(slots []slot, w want) *slot {
	if len(slots) == 0 {
		return nil
	}
	var found *slot
	r, sum := slots[0].node.pool.dice(), 0
	for i := range slots {
		if !w.ok(slots[i].node) {
			if w.trace != nil {
				w.trace.consider(&slots[i], 0, &w)
			}
			continue
		}
		weight := slots[i].weight()
		if sum += weight; r.below(sum) < weight {
			found = &slots[i]
		}
	}
	return found
}

// passOver notes, once, that a slot was not picked although it was its turn.
func (t *Pick) passOver(sl *slot, w *want) {
	if t == nil || slices.ContainsFunc(t.Candidates, func(c Candidate) bool { return c.ID == sl.node.id }) {
		return
	}
	t.consider(sl, 0, w)
}
