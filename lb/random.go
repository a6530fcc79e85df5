package lb

import (
	"context"
	"math/bits"
	"math/rand/v2"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
)

// Random picks each instance with the same chance, regardless of weight and
// load. It is safe for concurrent use, which go-kit's is not.
type Random struct{ balancer }

var _ kitlb.Balancer = (*Random)(nil)

// NewRandom returns a random balancer over set.
func NewRandom(set Set) *Random {
	set = orNobody(set)
	b := new(Random)
	b.follow(set, "random", stateless(uniform{}))
	return b
}

// Endpoint implements go-kit's Balancer.
func (b *Random) Endpoint() (endpoint.Endpoint, error) {
	if p := b.plan.Load(); p.swift {
		i, _ := bits.Mul64(rand.Uint64(), uint64(len(p.pickable)))
		return p.pickable[i].call, nil
	}
	return b.pick(want{})
}

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *Random) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	if call := attempt.From(ctx); call.Len() > 0 {
		return b.pick(want{untried: call})
	}
	return b.Endpoint()
}

type uniform struct{}

// guesses is how many nodes uniform draws before it looks at all of them. Four
// fail once in sixteen when half of the nodes cannot be used.
const guesses = 4

func (uniform) choose(slots []slot, w want) *slot {
	if len(slots) == 0 {
		return nil
	}
	r := slots[0].node.pool.dice()
	for range guesses {
		sl := &slots[r.below(len(slots))]
		if w.ok(sl.node) {
			return sl
		}
		w.trace.passOver(sl, &w)
	}
	w.trace.begin()
	return anyOf(slots, w)
}
