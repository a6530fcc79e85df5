package peers

import (
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// goKitRoundRobin is go-kit's sd/lb.NewRoundRobin: one counter that begins at 0
// in every process, over endpoints that every process sorts alike.
type goKitRoundRobin struct {
	forgetful

	servers, next uint64
}

func newGoKitRoundRobin(env sim.Env) balancer { return &goKitRoundRobin{servers: uint64(env.Servers)} }

func (b *goKitRoundRobin) pick(time.Duration) int {
	b.next++
	return int((b.next - 1) % b.servers)
}
