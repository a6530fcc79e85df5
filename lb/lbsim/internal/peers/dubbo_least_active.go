package peers

import (
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// leastActive is dubbo-go's: of all servers the one with the fewest calls in
// flight; of equals, one by chance and weight. Every server has run for longer
// than the ten minutes over which dubbo raises the weight of a new one.
type leastActive struct {
	weights, inflight []int
	least             []int // room for a pick's candidates
	rand              *rand.Rand
}

func newLeastActive(env sim.Env) balancer {
	weights, _ := weightsOf(env)
	return &leastActive{weights, make([]int, env.Servers), make([]int, 0, env.Servers), env.Rand}
}

func (b *leastActive) pick(time.Duration) int {
	i := b.choose()
	b.inflight[i]++
	return i
}

func (b *leastActive) choose() int {
	total, alike := 0, true
	b.least = b.least[:0]
	for i, active := range b.inflight {
		switch {
		case len(b.least) == 0 || active < b.inflight[b.least[0]]:
			b.least = append(b.least[:0], i)
			total, alike = b.weights[i], true
		case active == b.inflight[b.least[0]]:
			b.least = append(b.least, i)
			total += b.weights[i]
			alike = alike && b.weights[i] == b.weights[b.least[0]]
		}
	}
	if !alike {
		at := b.rand.IntN(total) + 1 // from 1, as theirs: the last number falls through
		for _, i := range b.least {
			if at -= b.weights[i]; at < 0 {
				return i
			}
		}
	}
	return b.least[b.rand.IntN(len(b.least))]
}

func (b *leastActive) end(c call) { b.inflight[c.server]-- }
