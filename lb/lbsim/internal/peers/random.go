package peers

import (
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// random is the default of go-micro and of dubbo-go with equal weights, and one
// of nearly everybody's choices.
type random struct {
	forgetful

	servers int
	rand    *rand.Rand
}

func newRandom(env sim.Env) balancer { return &random{servers: env.Servers, rand: env.Rand} }

func (b *random) pick(time.Duration) int { return b.rand.IntN(b.servers) }
