package lb

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
)

// WeightedRoundRobin picks the instances in turn, each as often as its weight
// says, and evenly: after any number t of picks an instance of weight w out of W
// has had t·w/W, give or take less than one (Tijdeman, "The chairman assignment
// problem", 1980). A pick takes the same time however many there are. An
// instance without a weight has 1.
//
// Shares are exact as long as the weights, divided by what divides them all, sum
// to no more than 65536, or 52 for each instance. With other weights they are
// right to one pick in so many, and an instance below a hundredth of the mean
// weight counts as that. A change of the set takes up to 10 ms with ten thousand
// instances.
//
// Each balancer begins at a random turn, so that a thousand clients started
// together do not all call the heaviest. It is safe for concurrent use.
type WeightedRoundRobin struct {
	balancer
	turns rotation
}

var _ kitlb.Balancer = (*WeightedRoundRobin)(nil)

// NewWeightedRoundRobin returns a weighted round robin over set.
func NewWeightedRoundRobin(set Set) *WeightedRoundRobin {
	set = orNobody(set)
	b := new(WeightedRoundRobin)
	d := set.root().dice()
	b.turns.next.Store(d.roll() >> 1) // far from the wrap
	b.follow(set, "weighted round robin", prepare(func(_ []string, weights []int) chooser {
		return &timetable{&b.turns, newSchedule(weights, longestCycle(len(weights)))}
	}))
	return b
}

// Endpoint implements go-kit's Balancer.
func (b *WeightedRoundRobin) Endpoint() (endpoint.Endpoint, error) {
	p := b.plan.Load()
	if t, ok := p.by.(*timetable); ok && p.swift {
		return p.pickable[t.next()].call, nil
	}
	return b.pick(want{})
}

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *WeightedRoundRobin) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	if call := attempt.From(ctx); call.Len() > 0 {
		return b.pick(want{untried: call})
	}
	return b.Endpoint()
}

// timetable hands out the turns of a schedule.
type timetable struct {
	turns *rotation // outlives the schedule, so that a new one does not begin anew
	order schedule
}

func (t *timetable) next() uint32 {
	return t.order[t.turns.next.Add(1)%uint64(len(t.order))]
}

// choose skips an unusable node by taking the next turn, of which nobody else
// then has any: what is left of the shares stays in proportion. In a panic the
// slots are not those of the schedule.
func (t *timetable) choose(slots []slot, w want) *slot {
	if !w.ready || len(slots) == 0 {
		return anyByWeight(slots, w)
	}
	for range patience {
		sl := &slots[t.next()]
		if w.ok(sl.node) {
			return sl
		}
		w.trace.passOver(sl, &w)
	}
	w.trace.begin()
	return anyByWeight(slots, w)
}
