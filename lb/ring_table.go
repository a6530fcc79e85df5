package lb

import "math/bits"

// ringTable is a consistent-hashing ring (Karger et al., "Consistent hashing and
// random trees", 1997): each node has many points on a circle, in proportion to
// its weight, and a key belongs to the point nearest to it, on either side, as
// in HAProxy. When a node goes, its keys and no others move, to whoever is next
// to each of its points. A node's share is off by about 0.7/√points, half of the
// variance that there is if keys go to the next point in one direction.
//
// The circle has 2^32 places. A point is its place above the index of its node,
// in one word, and points are found by the part of the circle they are in, not
// by halving: a lookup touches two cache lines however many there are.
type ringTable struct {
	points []uint64 // sorted
	starts []uint32 // of each part of the circle, which are equally long: its first point
	sweep
}

// With so many points to a node the largest of 1000 equal shares is within a
// tenth of their mean. More nodes have fewer each, by powers of two: with ten
// thousand, which have 64, it is within a half.
const (
	ringPoints     = 1024
	mostRingPoints = 1 << 20
)

// pointsPerNode returns how many points the heaviest of n nodes has.
func pointsPerNode(n int) int {
	each := ringPoints
	for each > 1 && each*n > mostRingPoints {
		each /= 2
	}
	return each
}

// newRingTable returns the ring of nodes with these IDs, distinct, and their
// weights. each is how many points a node would have if its weight were
// the largest, rounded up to a power of two: rounded, so that points do not come
// and go with every change of others' weights. A weight above 0 has one at least.
func newRingTable(ids []string, weights []int, each int) *ringTable {
	t := &ringTable{sweep: newSweep(weights)}
	most := 0
	for _, w := range weights {
		most = max(most, w)
	}
	if most == 0 {
		return t
	}
	unit, total := bits.Len(uint(most-1)), 0
	share := func(weight int) int {
		if weight <= 0 {
			return 0
		}
		return int(max(uint64(weight)*uint64(each)>>unit, 1))
	}
	for _, w := range weights {
		total += share(w)
	}
	points := make([]uint64, 0, total)
	for i, id := range ids {
		d := dice{hashID(id)}
		for range share(weights[i]) {
			points = append(points, d.roll()&^(1<<32-1)|uint64(i))
		}
	}
	t.sort(points)
	return t
}

// sort fills the table with points, which it throws into the parts of the circle
// and then sorts there. They are few in each, since they are hashes.
func (t *ringTable) sort(points []uint64) {
	t.points = make([]uint64, len(points))
	t.starts = make([]uint32, len(points)/2+2)
	parts := len(t.starts) - 1
	for _, p := range points {
		t.starts[scale(p, parts)+1]++
	}
	for i := 1; i <= parts; i++ {
		t.starts[i] += t.starts[i-1]
	}
	ends := append([]uint32(nil), t.starts...)
	for _, p := range points {
		part := scale(p, parts)
		k := ends[part]
		for ends[part]++; k > t.starts[part] && t.points[k-1] > p; k-- {
			t.points[k] = t.points[k-1]
		}
		t.points[k] = p
	}
}

// at implements hashTable.
func (t *ringTable) at(key uint64, try int) int {
	if try >= hops || len(t.points) == 0 {
		return t.sweep.at(key, try)
	}
	return t.nearest(rehash(key, try))
}

// nearest returns the node whose point is nearest to the place of a hash. Of two
// that are equally near it is the one after it.
func (t *ringTable) nearest(hash uint64) int {
	place, n := uint32(hash>>32), len(t.points)
	i := int(t.starts[scale(uint64(place)<<32, len(t.starts)-1)])
	for i < n && uint32(t.points[i]>>32) < place {
		i++
	}
	before, after := t.points[n-1], t.points[0] // around the circle
	if i > 0 {
		before = t.points[i-1]
	}
	if i < n {
		after = t.points[i]
	}
	if place-uint32(before>>32) < uint32(after>>32)-place {
		return int(uint32(before))
	}
	return int(uint32(after))
}
