package consul

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"github.com/kitgen/kitgen/sd"
)

// choose applies Config.Healthy and Limit. Who leaves is always told, so that
// it is not missed when it is gone, and takes nobody's place.
func (r *registry) choose(all []listed) []sd.Instance {
	var leaving, staying []listed
	for _, in := range all {
		switch {
		case in.State == sd.Draining:
			leaving = append(leaving, in)
		case in.State == sd.Critical && r.cfg.Healthy:
		default:
			staying = append(staying, in)
		}
	}
	if r.cfg.Limit > 0 && len(staying) > r.cfg.Limit {
		staying = r.first(staying, r.cfg.Limit)
	}
	set := make([]sd.Instance, 0, len(leaving)+len(staying))
	for _, in := range append(staying, leaving...) {
		set = append(set, in.Instance)
	}
	slices.SortFunc(set, func(a, b sd.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return set
}

// first is the n instances that this client prefers: those that take calls,
// those on the nearest nodes if Near is set, and otherwise by an order of its
// own, so that clients do not all pick the same, and each sticks to its own.
func (r *registry) first(all []listed, n int) []listed {
	key := func(in listed) (critical, rank int, order uint64) {
		if r.cfg.Near != "" {
			rank = in.rank
		}
		return reluctance(in.State) / reluctance(sd.Critical), rank, order64(r.seed, in.ID)
	}
	slices.SortFunc(all, func(a, b listed) int {
		ca, ra, oa := key(a)
		cb, rb, ob := key(b)
		return cmp.Or(cmp.Compare(ca, cb), cmp.Compare(ra, rb), cmp.Compare(oa, ob))
	})
	return all[:n]
}

// order64 places id in the order of seed.
func order64(seed uint64, id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64([]byte(id), seed))
	x := h.Sum64() // mixed, as its high bits hardly depend on the last bytes
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
