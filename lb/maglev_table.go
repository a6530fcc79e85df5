package lb

import (
	"cmp"
	"slices"
)

// maglevTable is the lookup table of Maglev (Eisenbud et al., "Maglev: a fast
// and reliable software network load balancer", NSDI 2016): a prime number of
// entries, which the nodes fill in turns, each by a permutation of its own. Node
// i looks at
//
//	(offset + k·skip) mod M    k = 0, 1, 2, …
//
// for a free entry. A lookup is one index. Turns are in proportion to weights,
// as of a schedule, so every share is right to about one entry in M. When a node
// goes, its keys move to all others, and so do a few of others' keys: about half
// a percent with a hundred nodes.
type maglevTable struct {
	entries []uint16
	sweep
}

// mostMaglevNodes is what an entry can tell apart.
const mostMaglevNodes = 1 << 16

// maglevSize returns the number of entries for n nodes, a prime, and where that
// is possible 25 for each of them: the largest of equal shares is then within 4 %
// of their mean. The smallest is the paper's: it stays in a processor's second
// cache, and is made in two milliseconds.
func maglevSize(n int) int {
	switch {
	case n <= 65_537/25:
		return 65_537
	case n <= 262_147/25:
		return 262_147
	default:
		return 1_048_583
	}
}

// newMaglevTable returns the table of nodes with these IDs, distinct, and their
// weights. It has no entry for a weight of 0, and for none of those after the
// first 65536 nodes. The nodes take their turns in the order of their hashes, so
// that of the IDs does not matter.
func newMaglevTable(ids []string, weights []int) *maglevTable {
	n := min(len(ids), mostMaglevNodes)
	size := maglevSize(n)
	t := &maglevTable{sweep: newSweep(weights)}
	walks, inOrder := make([]walk, n), make([]int, n)
	for i, id := range ids[:n] {
		h := hashID(id)
		walks[i] = walk{h, uint32(scale(h, size)), uint32(scale(mix(h), size-1) + 1), uint16(i)}
	}
	slices.SortStableFunc(walks, func(a, b walk) int { return cmp.Compare(a.hash, b.hash) })
	for i, w := range walks {
		inOrder[i] = weights[w.node]
	}
	if turns := newSchedule(inOrder, size/2); len(turns) > 0 {
		t.entries = fill(walks, turns, size)
	}
	return t
}

// fill has the walks take the entries of a table, in turns.
func fill(walks []walk, turns schedule, size int) []uint16 {
	entries := make([]uint16, size)
	taken := make([]uint64, size/64+1)
	for filled := 0; ; {
		for _, i := range turns {
			w := &walks[i]
			entries[w.next(taken, uint32(size))] = w.node
			if filled++; filled == size {
				return entries
			}
		}
	}
}

// walk is where a node stands in its permutation of the entries.
type walk struct {
	hash     uint64
	at, skip uint32
	node     uint16
}

// next takes the first free entry from where the walk stands. There must be one.
func (w *walk) next(taken []uint64, size uint32) uint32 {
	at := w.at
	for taken[at/64]>>(at%64)&1 != 0 {
		if at += w.skip; at >= size {
			at -= size
		}
	}
	taken[at/64] |= 1 << (at % 64)
	w.at = at
	return at
}

// at implements hashTable.
func (t *maglevTable) at(key uint64, try int) int {
	if try >= hops || len(t.entries) == 0 {
		return t.sweep.at(key, try)
	}
	return int(t.entries[scale(rehash(key, try), len(t.entries))])
}
