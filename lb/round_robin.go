package lb

import (
	"math/rand/v2"
	"sync/atomic"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// RoundRobin picks the instances in turn, regardless of weight and load. Each
// one begins at a random instance, so that a thousand clients started together
// do not all call the same. It is safe for concurrent use.
type RoundRobin struct{ balancer }

var _ kitlb.Balancer = (*RoundRobin)(nil)

// NewRoundRobin returns a round robin over p.
func NewRoundRobin(p *Pool) *RoundRobin {
	c := new(rotation)
	c.next.Store(rand.Uint64() >> 1) // far from the wrap
	return &RoundRobin{balancer{p, c}}
}

// rotation hands out positions in turn.
type rotation struct {
	_    [128]byte // the cursor is written by every pick: alone on its cache lines
	next atomic.Uint64
	_    [120]byte
}

// patience is how many positions a pick may draw before it looks at all.
const patience = 64

// choose skips an unusable node by drawing the next position from the cursor
// they all share. To step to its neighbour instead would give the neighbour a
// double share. In a panic there are no turns to take: looking for someone ready
// has used up everybody's, and the draw after that may be the same every time.
func (r *rotation) choose(slots []slot, w want) *node {
	if !w.ready {
		return anyOf(slots, w)
	}
	size := uint64(len(slots))
	for range min(size, patience) {
		n := slots[r.next.Add(1)%size].node
		if w.ok(n) {
			return n
		}
	}
	return anyOf(slots, w) // others drew what this one was waiting for
}
