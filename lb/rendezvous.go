package lb

import kitlb "github.com/go-kit/kit/sd/lb"

// Rendezvous sends calls with the same key, see WithKey, to the same instance,
// from every process that knows the same instances: the one with the highest
//
//	weight / -ln(u)
//
// where u, between 0 and 1, is a hash of the instance's ID and the key (Thaler
// and Ravishankar, "Using name-based mappings to increase hit rates", 1998; the
// weights are Schindler's and Schomaker's, 2005). Each instance has exactly its
// weight's share of all keys, and when one goes, its keys and no others move,
// spread over all that are left. It needs no memory and no time when the set
// changes, but a pick takes some 3 ns for each instance: it is best for up to
// about fifty of them.
//
// While an instance cannot be picked, its keys go where they would if it were
// gone, and return. Calls without a key go anywhere, by weight, and so does
// everything if the balancer is asked by Endpoint, which has no context. It is
// safe for concurrent use.
type Rendezvous struct{ hashing }

var _ kitlb.Balancer = (*Rendezvous)(nil)

// NewRendezvous returns a rendezvous balancer over set.
func NewRendezvous(set Set) *Rendezvous {
	set = orNobody(set)
	b := new(Rendezvous)
	b.start(set, "rendezvous", 0, func(ids []string, weights []int) hashTable { return newRendezvousTable(ids, weights) })
	return b
}
