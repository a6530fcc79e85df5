package lb

import (
	"context"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
)

// RoundRobin picks the instances in turn, regardless of weight and load. Each
// one begins at a random instance, so that a thousand clients started together
// do not all call the same. It is safe for concurrent use.
type RoundRobin struct {
	balancer
	turns rotation
}

var _ kitlb.Balancer = (*RoundRobin)(nil)

// NewRoundRobin returns a round robin over set.
func NewRoundRobin(set Set) *RoundRobin {
	set = orNobody(set)
	b := new(RoundRobin)
	d := set.root().dice()
	b.turns.next.Store(d.roll() >> 1) // far from the wrap
	b.follow(set, "round robin", stateless(&b.turns))
	return b
}

// Endpoint implements go-kit's Balancer.
func (b *RoundRobin) Endpoint() (endpoint.Endpoint, error) {
	p := b.plan.Load()
	if p.swift {
		return p.pickable[b.turns.next.Add(1)%uint64(len(p.pickable))].call, nil
	}
	return b.pick(want{})
}

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *RoundRobin) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	if call := attempt.From(ctx); call.Len() > 0 {
		return b.pick(want{untried: call})
	}
	return b.Endpoint()
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
func (r *rotation) choose(slots []slot, w want) *slot {
	if !w.ready {
		return anyOf(slots, w)
	}
	size := uint64(len(slots))
	for range min(size, patience) {
		sl := &slots[r.next.Add(1)%size]
		if w.ok(sl.node) {
			return sl
		}
		w.trace.passOver(sl, &w)
	}
	w.trace.begin()
	return anyOf(slots, w) // others drew what this one was waiting for
}
