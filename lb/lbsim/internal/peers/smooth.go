package peers

import (
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// smooth is NGINX's smooth weighted round robin: each pick adds to every server
// its weight, takes the first of those with most and subtracts from it the sum
// of all weights. It is go-kratos' wrr, its default, which begins with nothing
// in every process.
type smooth struct {
	forgetful

	weights, current []int
	total            int
}

func newSmooth(env sim.Env) balancer {
	weights, total := weightsOf(env)
	return &smooth{weights: weights, current: make([]int, env.Servers), total: total}
}

func (b *smooth) pick(time.Duration) int {
	best := 0
	for i, w := range b.weights {
		b.current[i] += w
		if b.current[i] > b.current[best] {
			best = i
		}
	}
	b.current[best] -= b.total
	return best
}
