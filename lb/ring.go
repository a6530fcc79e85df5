package lb

import (
	"math"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// RingConfig configures a Ring. The zero value is good.
type RingConfig struct {
	// Points is how many points on the ring an instance has whose weight is a
	// power of two, if none is larger; others have theirs in proportion. The
	// largest of n equal shares is above their mean by about √(ln n / Points). A
	// million at most. If zero or less 1024, for more than 1024 instances 512, for
	// more than 2048 256, and so on.
	Points int

	// Bound is how many calls in flight, of this client, an instance may have in
	// proportion to its weight's share of all of them, rounded up: with 1.25, a
	// quarter more. What is beyond goes to others, which are for each key always
	// the same. 1 if it is less than that; no bound if zero or NaN.
	Bound float64
}

// maxRingPoints bounds RingConfig.Points: it takes eight megabytes.
const maxRingPoints = 1 << 20

// Ring sends calls with the same key, see WithKey, to the same instance, from
// every process that knows the same instances. It is consistent hashing (Karger
// et al., 1997): instances have points on a ring in proportion to their weights,
// and a key belongs to the nearest one, before or after it, as in HAProxy. When
// an instance goes, its keys and no others move, spread over the others. With
// more than 1024 instances that holds until their number passes a power of two,
// unless RingConfig says how many points they have.
//
// With a bound on the load (Mirrokni, Thorup and Zadimoghaddam, "Consistent
// hashing with bounded loads", arXiv 1608.01350) a popular key does not sink its
// instance. The bound counts this client's calls and is kept by one that picks
// and calls at a time; picks at the same moment may pass it by their number.
//
// While an instance cannot be picked, its keys are spread over the others, and
// return. Calls without a key go anywhere, by weight, and so does everything if
// the balancer is asked by Endpoint, which has no context. A change of the set
// takes 2 ms with a hundred instances, 50 ms with a thousand. It is safe for
// concurrent use.
type Ring struct{ hashing }

var _ kitlb.Balancer = (*Ring)(nil)

// NewRing returns a ring over set.
func NewRing(set Set, cfg RingConfig) *Ring {
	set = orNobody(set)
	b := new(Ring)
	bound := int64(0)
	if cfg.Bound != 0 && !math.IsNaN(cfg.Bound) {
		bound = int64(math.Ceil(1000 * min(max(cfg.Bound, 1), 1e6)))
	}
	b.start(set, "ring", bound, func(ids []string, weights []int) hashTable {
		points := min(cfg.Points, maxRingPoints)
		if points <= 0 {
			points = pointsPerNode(len(ids))
		}
		return newRingTable(ids, weights, points)
	})
	return b
}
