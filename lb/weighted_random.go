package lb

import (
	"context"
	"math/rand/v2"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
)

// WeightedRandom picks each instance with a chance in proportion to its weight,
// regardless of load. It takes the same time however many there are: the chances
// stand in a table by Walker's alias method, built as by Vose ("A linear
// algorithm for generating random numbers with a given distribution", 1991). An
// instance without a weight has 1. It is safe for concurrent use.
type WeightedRandom struct{ balancer }

var _ kitlb.Balancer = (*WeightedRandom)(nil)

// NewWeightedRandom returns a weighted random balancer over set.
func NewWeightedRandom(set Set) *WeightedRandom {
	set = orNobody(set)
	b := new(WeightedRandom)
	b.follow(set, "weighted random", prepare(func(_ []string, weights []int) chooser {
		return &lottery{newAliasTable(weights)}
	}))
	return b
}

// Endpoint implements go-kit's Balancer.
func (b *WeightedRandom) Endpoint() (endpoint.Endpoint, error) {
	p := b.plan.Load()
	if l, ok := p.by.(*lottery); ok && p.swift {
		return p.pickable[l.table.pick(rand.Uint64())].call, nil
	}
	return b.pick(want{})
}

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *WeightedRandom) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	if call := attempt.From(ctx); call.Len() > 0 {
		return b.pick(want{untried: call})
	}
	return b.Endpoint()
}

// lottery draws by weight.
type lottery struct{ table aliasTable }

// choose draws again when it draws somebody who cannot be picked. In a panic the
// slots are not those of the table.
func (l *lottery) choose(slots []slot, w want) *slot {
	if !w.ready || len(slots) == 0 {
		return anyByWeight(slots, w)
	}
	r := slots[0].node.pool.dice()
	for range guesses {
		sl := &slots[l.table.pick(r.roll())]
		if w.ok(sl.node) {
			return sl
		}
		w.trace.passOver(sl, &w)
	}
	w.trace.begin()
	return anyByWeight(slots, w)
}
