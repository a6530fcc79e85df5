package peers

import (
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// leastRequest is grpc-go's least_request_experimental (gRFC A48): the one with
// fewer calls in flight of choiceCount = 2 draws, which may be of the same
// server; the first of equals.
type leastRequest struct {
	inflight []int
	rand     *rand.Rand
}

func newLeastRequest(env sim.Env) balancer {
	return &leastRequest{make([]int, env.Servers), env.Rand}
}

func (b *leastRequest) pick(time.Duration) int {
	best := b.rand.IntN(len(b.inflight))
	if other := b.rand.IntN(len(b.inflight)); b.inflight[other] < b.inflight[best] {
		best = other
	}
	b.inflight[best]++
	return best
}

func (b *leastRequest) end(c call) { b.inflight[c.server]-- }
