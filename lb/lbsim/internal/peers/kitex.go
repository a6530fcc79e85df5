package peers

import (
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// kitexRoundRobin is kitex' weighted round robin, its default: the picks of
// smooth for one whole cycle of as many as the sum of the weights, worked out
// beforehand over the servers rotated by chance, and then repeated in turn.
type kitexRoundRobin struct {
	forgetful

	cycle []int
	next  int
}

func newKitexRoundRobin(env sim.Env) balancer {
	weights, total := weightsOf(env)
	offset := env.Rand.IntN(env.Servers)
	rotated := &smooth{weights: make([]int, env.Servers), current: make([]int, env.Servers), total: total}
	for i := range rotated.weights {
		rotated.weights[i] = weights[(i+offset)%env.Servers]
	}
	b := &kitexRoundRobin{cycle: make([]int, total)}
	for i := range b.cycle {
		b.cycle[i] = (rotated.pick(0) + offset) % env.Servers
	}
	return b
}

func (b *kitexRoundRobin) pick(time.Duration) int {
	server := b.cycle[b.next%len(b.cycle)]
	b.next++
	return server
}
