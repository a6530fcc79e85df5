package peers

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	goZeroDecay   = 10 * time.Second
	goZeroForce   = time.Second
	goZeroHealthy = 500 // of a success of 1000
	goZeroTries   = 3
)

// goZeroP2C is go-zero's p2c_ewma, its default: of two different servers, drawn
// up to three times until both have failed less than half of their calls, the
// one with less √latency · (calls in flight + 1), unless the other was not
// picked for 1 s.
type goZeroP2C struct {
	nodes []goZeroNode
	rand  *rand.Rand
}

type goZeroNode struct {
	lag, last, pick time.Duration
	inflight        int64
	success         uint64
}

func newGoZeroP2C(env sim.Env) balancer {
	b := &goZeroP2C{make([]goZeroNode, env.Servers), env.Rand}
	for i := range b.nodes {
		b.nodes[i].success = 1000
	}
	return b
}

func (b *goZeroP2C) pick(now time.Duration) int {
	i := 0
	switch n := len(b.nodes); {
	case n == 2:
		i = b.choose(now, 0, 1)
	case n > 2:
		var j int
		for range goZeroTries {
			i, j = two(b.rand, n)
			if b.nodes[i].healthy() && b.nodes[j].healthy() {
				break
			}
		}
		i = b.choose(now, i, j)
	}
	b.nodes[i].pick = now
	b.nodes[i].inflight++
	return i
}

func (b *goZeroP2C) choose(now time.Duration, i, j int) int {
	if b.nodes[i].load() > b.nodes[j].load() {
		i, j = j, i
	}
	if now-b.nodes[j].pick > goZeroForce {
		return j
	}
	return i
}

func (n *goZeroNode) healthy() bool { return n.success > goZeroHealthy }

// load of a server without latency is that of one that answers in a nanosecond:
// a new one is preferred.
func (n *goZeroNode) load() int64 {
	return int64(math.Sqrt(float64(n.lag+1))) * (n.inflight + 1)
}

func (b *goZeroP2C) end(c call) {
	n := &b.nodes[c.server]
	n.inflight--
	old := math.Exp(-float64(c.now-n.last) / float64(goZeroDecay))
	n.last = c.now
	if n.lag == 0 {
		old = 0
	}
	n.lag = time.Duration(float64(n.lag)*old + float64(c.took())*(1-old))
	n.success = uint64(float64(n.success)*old + successOf(c)*(1-old))
}
