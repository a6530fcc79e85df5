package peers

import (
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// haproxyRandom is HAProxy's random(2), its default since 3.3: of two draws by
// weight, which may be of the same server, the one with fewer calls in flight
// per weight; of equals, since 2026, the one with the lower rate of requests.
type haproxyRandom struct {
	weights  []int
	total    int
	inflight []int
	rate     []rate
	rand     *rand.Rand
}

func newHAProxyRandom(env sim.Env) balancer {
	weights, total := weightsOf(env)
	return &haproxyRandom{weights, total, make([]int, env.Servers), make([]rate, env.Servers), env.Rand}
}

func (b *haproxyRandom) pick(now time.Duration) int {
	first := weighted(b.rand, b.weights, b.total)
	i := weighted(b.rand, b.weights, b.total)
	if i != first && b.better(first, i, now) {
		i = first
	}
	b.inflight[i]++
	b.rate[i].add(now)
	return i
}

// better says whether the first draw is to be preferred to the second.
func (b *haproxyRandom) better(first, second int, now time.Duration) bool {
	f, s := b.inflight[first]*b.weights[second], b.inflight[second]*b.weights[first]
	if f != s {
		return f < s
	}
	return b.rate[first].read(now)*float64(b.weights[second]) < b.rate[second].read(now)*float64(b.weights[first])
}

func (b *haproxyRandom) end(c call) { b.inflight[c.server]-- }

// rate is HAProxy's frequency counter over a second: what was counted in this
// one, and of the one before, the part that is less than a second ago.
type rate struct {
	second       time.Duration // when this one began
	this, before float64
}

func (r *rate) add(now time.Duration) {
	r.rotate(now)
	r.this++
}

func (r *rate) read(now time.Duration) float64 {
	r.rotate(now)
	return r.this + r.before*(1-(now-r.second).Seconds())
}

func (r *rate) rotate(now time.Duration) {
	switch second := now.Truncate(time.Second); second - r.second {
	case 0:
	case time.Second:
		r.second, r.this, r.before = second, 0, r.this
	default:
		r.second, r.this, r.before = second, 0, 0
	}
}
