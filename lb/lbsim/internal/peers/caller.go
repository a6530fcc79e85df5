package peers

import (
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// balancer is a peer's: it picks a server and hears how the call ended. Clients
// of a simulation run one after the other, so it needs no locks.
type balancer interface {
	pick(now time.Duration) int
	end(c call)
}

// call is one that has ended at the client.
type call struct {
	server     int
	start, now time.Duration
	failed     bool
}

func (c call) took() time.Duration { return c.now - c.start }

// epoch is when a simulation begins by a peer's clock. Theirs count from a day
// long past, and their zero means never.
const epoch = 365 * 24 * time.Hour

// policy makes a sim.Policy of a peer's balancer.
func policy(name string, of func(sim.Env) balancer) sim.Policy {
	return sim.Policy{Name: name, New: func(env sim.Env) sim.Caller {
		return &caller{of(env), env.Now}
	}}
}

// caller tells a balancer the time.
type caller struct {
	by  balancer
	now func() time.Duration
}

func (c *caller) Start() (int, func(failed bool)) {
	start := c.now() + epoch
	server := c.by.pick(start)
	return server, func(failed bool) {
		c.by.end(call{server, start, c.now() + epoch, failed})
	}
}

func (c *caller) Close() {}

// forgetful is a balancer to which the end of a call means nothing.
type forgetful struct{}

func (forgetful) end(call) {}
