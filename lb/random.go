package lb

import kitlb "github.com/go-kit/kit/sd/lb"

// Random picks each instance with the same chance, regardless of weight and
// load. It is safe for concurrent use, which go-kit's is not.
type Random struct{ balancer }

var _ kitlb.Balancer = (*Random)(nil)

// NewRandom returns a random balancer over p.
func NewRandom(p *Pool) *Random { return &Random{balancer{p, uniform{}}} }

type uniform struct{}

// guesses is how many nodes uniform draws before it looks at all of them. Four
// fail once in sixteen when half of the nodes cannot be used.
const guesses = 4

func (uniform) choose(slots []slot, w want) *node {
	if len(slots) == 0 {
		return nil
	}
	r := slots[0].node.pool.dice()
	for range guesses {
		if n := slots[r.below(len(slots))].node; w.ok(n) {
			return n
		}
	}
	return anyOf(slots, w)
}
