package peers

import (
	"math/rand/v2"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// two draws two different servers of n, which must be at least 2: the second
// from those that the first left.
func two(r *rand.Rand, n int) (a, b int) {
	a, b = r.IntN(n), r.IntN(n-1)
	if b >= a {
		b++
	}
	return a, b
}

// weightsOf returns the servers' static weights, 1 where none is given, and
// their sum.
func weightsOf(env sim.Env) (weights []int, total int) {
	weights = make([]int, env.Servers)
	for i := range weights {
		weights[i] = 1
		if i < len(env.Weights) && env.Weights[i] > 0 {
			weights[i] = env.Weights[i]
		}
		total += weights[i]
	}
	return weights, total
}

// weighted draws a server with a chance in proportion to its weight.
func weighted(r *rand.Rand, weights []int, total int) int {
	at := r.IntN(total)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
