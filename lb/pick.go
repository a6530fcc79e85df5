package lb

import (
	"context"
	"math/bits"
	"slices"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// chooser is what makes a balancer: it returns one of the slots that w wants,
// or nil if there is none. It may be asked several times per pick.
type chooser interface {
	choose(slots []slot, w want) *node
}

// want says which nodes may be picked.
type want struct {
	untried *attempt.Call // not those this call went to; nil: any
	ready   bool          // only those whose guard lets a call through
}

func (w want) ok(n *node) bool {
	if w.ready && n.ready != nil && !n.ready() {
		return false
	}
	return w.untried == nil || !w.untried.Tried(n.id)
}

// pick lets b choose, and asks for less and less until there is a node:
//
//  1. one that is ready and was not tried by this call;
//  2. one that is ready: all of those were tried, so one of them again;
//  3. panic: any that is connected and not draining, also a critical one, past
//     its guard; those not tried first.
//
// Panic begins where nothing is usable, not, as in Envoy, where less than half
// is. There the threshold protects the few healthy hosts from the load of all,
// at the price of calls that are known to fail. Here each client sees only its
// own breakers: with three of four open it would fail three calls in four,
// although the fourth instance answers. Whether that one is overloaded shows in
// its latency and its own breaker; when that opens too, nothing is left to
// protect, and a guess at any instance beats the certainty of an error. Past
// the guard, since every guard would refuse; a guard that is due for a probe is
// ready, and so is found by the first two steps.
func (p *Pool) pick(call *attempt.Call, b chooser) (endpoint.Endpoint, error) {
	s := p.snap.Load()
	if call.Len() == 0 {
		call = nil
	}
	if n := b.choose(s.pickable, want{call, true}); n != nil {
		return n.call, nil
	}
	if call != nil {
		if n := b.choose(s.pickable, want{nil, true}); n != nil {
			return n.call, nil
		}
		if n := b.choose(s.all, want{call, false}); n != nil {
			return n.force, nil
		}
	}
	if n := b.choose(s.all, want{nil, false}); n != nil {
		return n.force, nil
	}
	return nil, s.err
}

// balancer is what all balancers over a Pool share.
type balancer struct {
	pool *Pool
	by   chooser
}

// Endpoint implements go-kit's Balancer. The endpoint goes to one instance. It
// is to be called once, soon: nothing is counted until then.
func (b *balancer) Endpoint() (endpoint.Endpoint, error) { return b.pool.pick(nil, b.by) }

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *balancer) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	return b.pool.pick(attempt.From(ctx), b.by)
}

func (b *balancer) members() *Pool { return b.pool }

// anyOf returns one of the slots that w wants, each with the same chance, by
// looking at all of them: for when guesses did not find one.
func anyOf(slots []slot, w want) *node {
	if len(slots) == 0 {
		return nil
	}
	var found *node
	r, k := slots[0].node.pool.dice(), 0
	for i := range slots {
		if !w.ok(slots[i].node) {
			continue
		}
		if k++; r.below(k) == 0 {
			found = slots[i].node
		}
	}
	return found
}

// dice makes many random numbers from one: the runtime's generator costs 7 ns
// a number, which a pick among eight would pay ten times. It is splitmix64.
type dice struct{ state uint64 }

func (d *dice) roll() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n).
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.roll(), uint64(n))
	return int(hi)
}

// fraction returns a number in [0, 1).
func (d *dice) fraction() float64 { return float64(d.roll()>>11) / (1 << 53) }

// sample fills drawn with different numbers in [0, n), every set with the same
// chance, by Floyd's algorithm. n must be more than len(drawn).
func (d *dice) sample(drawn []uint32, n int) []uint32 {
	seen := uint64(0) // which numbers, modulo 64, may be among those drawn
	for k := range drawn {
		last := n - len(drawn) + k
		i := uint32(d.below(last + 1))
		if seen>>(i%64)&1 != 0 && slices.Contains(drawn[:k], i) {
			i = uint32(last)
		}
		seen |= 1 << (i % 64)
		drawn[k] = i
	}
	return drawn
}
