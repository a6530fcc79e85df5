package lb

import (
	"math/rand/v2"
	"time"
)

// Virtual is a clock and a source of chance for a pool and everything over it,
// so that a simulation takes no real time and can be repeated. Package lbsim
// uses it; a service has no reason to. Drains and the pauses before a failed
// factory is called again stay on the machine's clock.
type Virtual struct {
	Now  func() time.Duration // since any moment before the first call; never goes back
	Rand func() uint64        // 64 random bits; need not be safe for concurrent use if the simulation is not
}

// now reads the pool's monotonic clock: nanoseconds since it was made. Two
// readings per call, none per pick.
func (p *Pool) now() int64 {
	if v := p.cfg.Virtual; v != nil {
		return int64(v.Now())
	}
	return int64(time.Since(p.started))
}

// dice returns new dice, thrown by nobody else.
func (p *Pool) dice() dice {
	if v := p.cfg.Virtual; v != nil {
		return dice{v.Rand()}
	}
	return dice{rand.Uint64()}
}
