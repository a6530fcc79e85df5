package peers

import (
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// dubboLimit is how many calls a server believes that it can take. Dubbo finds
// the number by hill climbing in each server, from this one on; here it stays.
const dubboLimit = 50

// dubboP2C is dubbo-go's p2c: of two different servers the one that has said in
// its last answer that it has room for more calls, the second of equals, and one
// that has said nothing yet at once. What was said neither expires nor is
// lowered by what was sent since.
type dubboP2C struct {
	env       sim.Env
	remaining []int
	said      []bool
}

func newDubboP2C(env sim.Env) balancer {
	return &dubboP2C{env, make([]int, env.Servers), make([]bool, env.Servers)}
}

func (b *dubboP2C) pick(time.Duration) int {
	if b.env.Servers == 1 {
		return 0
	}
	i, j := 0, 1
	if b.env.Servers > 2 { // two are not drawn, but taken in order
		i, j = two(b.env.Rand, b.env.Servers)
	}
	switch {
	case !b.said[i]:
		return i
	case !b.said[j]:
		return j
	case b.remaining[i] > b.remaining[j]:
		return i
	}
	return j
}

func (b *dubboP2C) end(c call) {
	if answered(c, b.env) {
		b.remaining[c.server] = max(dubboLimit-b.env.Report(c.server).RIF, 0)
		b.said[c.server] = true
	}
}
