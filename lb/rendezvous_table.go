package lb

import "math"

// rendezvousTable finds the node with the highest score for a key: rendezvous
// hashing, or highest random weight (Thaler and Ravishankar, "Using name-based
// mappings to increase hit rates", 1998), with the weights of Schindler and
// Schomaker's logarithmic method (2005):
//
//	score = weight / -ln(u)
//
// where u, between 0 and 1, is a hash of node and key. The node with the highest
// score has a share of the keys that is exactly its weight's. When a node goes,
// its keys and no others move, each to the node with the next highest score. A
// lookup takes time in proportion to the number of nodes: 2 to 3 ns each.
//
// All processes have to agree on the scores to the last bit, so there is no
// math.Log, which is another program on some architectures, and no product that
// a compiler may fuse with the sum after it: see negLog.
type rendezvousTable struct {
	nodes []candidate
	sweep
}

type candidate struct {
	hash   uint64
	weight float64
}

// newRendezvousTable returns the table of nodes with these IDs, distinct, and
// their weights. Those of weight 0 are never found.
func newRendezvousTable(ids []string, weights []int) *rendezvousTable {
	t := &rendezvousTable{nodes: make([]candidate, len(ids)), sweep: newSweep(weights)}
	for i, id := range ids {
		t.nodes[i] = candidate{mix(hashID(id)), float64(max(weights[i], 0))}
	}
	return t
}

// at implements hashTable. Tries below hops are the nodes by descending score.
func (t *rendezvousTable) at(key uint64, try int) int {
	switch {
	case try >= hops || try >= len(t.sweep):
		return t.sweep.at(key, max(try, hops))
	case try == 0:
		return t.best(key)
	}
	return t.ranked(key, try)
}

// best returns the node with the highest score. -ln(u) is never less than 1-u,
// so most nodes need no logarithm to be known to be worse.
func (t *rendezvousTable) best(key uint64) int {
	best, highest := -1, 0.0
	for i := range t.nodes {
		c := &t.nodes[i]
		rest := fraction(mix(c.hash ^ key))
		if c.weight <= highest*rest {
			continue
		}
		if score := c.weight / negLog(rest); score > highest {
			best, highest = i, score
		}
	}
	return best
}

// ranked returns the node with the try-th highest score, counting from 0, for a
// try below hops.
func (t *rendezvousTable) ranked(key uint64, try int) int {
	var (
		scores [hops]float64
		nodes  [hops]int
	)
	for i := range t.nodes {
		c := &t.nodes[i]
		rest := fraction(mix(c.hash ^ key))
		if c.weight <= scores[try]*rest { //nolint:gosec // try is below hops
			continue
		}
		node, score := i, c.weight/negLog(rest)
		for k := range try + 1 { // it takes its place, and those after it move on
			if score > scores[k] {
				score, scores[k] = scores[k], score
				node, nodes[k] = nodes[k], node
			}
		}
	}
	return nodes[try] //nolint:gosec // try is below hops
}

// fraction returns a number between 0 and 1, both exclusive: 1-u.
func fraction(hash uint64) float64 { return (float64(int64(hash>>12)) + 0.5) / (1 << 52) }

// negLog returns -ln(1-x) for 0 < x < 1, to ten digits, the same on every
// architecture: Go rounds where float64() tells it to, so that no processor
// fuses a product with a sum, and what is left is exact by IEEE 754. With 1-x
// written as m·2^-e, where m is from 0.5 to 1, it is
//
//	e·ln 2 + 2·(s + s³/3 + s⁵/5 + …)    s = (1-m)/(1+m) ≤ 1/3
func negLog(x float64) float64 {
	m, e := 1-x, 0.0
	for m < 0.5 { // half of the time not at all
		m, e = m+m, e+1
	}
	s := (1 - m) / (1 + m)
	square, sum := float64(s*s), 0.0
	for k := 19; k > 0; k -= 2 {
		sum = float64(sum*square) + 1/float64(k)
	}
	return float64(e*math.Ln2) + float64(2*float64(s*sum))
}
