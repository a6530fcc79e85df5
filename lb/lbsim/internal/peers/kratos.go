package peers

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	kratosTau     = 600 * time.Millisecond
	kratosUnknown = 100_000 // the load, per call, of a server without latency
	kratosForce   = 3 * time.Second
	kratosCache   = 5 * time.Millisecond // how long a weight is believed
	kratosAdd     = 5 * time.Millisecond // added to a latency before the square root
	kratosSlots   = 200
)

// kratosP2C is go-kratos' p2c over its ewma nodes: of two different servers the
// one with more success/(√latency · calls in flight), unless the other was not
// picked for 3 s.
type kratosP2C struct {
	nodes []kratosNode
	rand  *rand.Rand
}

type kratosNode struct {
	lag, stamp, lastPick time.Duration
	inflight             int64 // from 1, so that it is never 0
	success              uint64
	reqs                 uint64
	starts               [kratosSlots]time.Duration // of some of those in flight; 0: free

	weight   float64
	weightAt time.Duration
}

func newKratosP2C(env sim.Env) balancer {
	b := &kratosP2C{make([]kratosNode, env.Servers), env.Rand}
	for i := range b.nodes {
		b.nodes[i] = kratosNode{inflight: 1, success: 1000}
	}
	return b
}

func (b *kratosP2C) pick(now time.Duration) int {
	i := 0
	if len(b.nodes) > 1 {
		i = b.choose(now)
	}
	n := &b.nodes[i]
	n.lastPick = now
	n.inflight++
	n.reqs++
	if slot := &n.starts[n.reqs%kratosSlots]; *slot == 0 {
		*slot = now
	}
	return i
}

func (b *kratosP2C) choose(now time.Duration) int {
	i, other := two(b.rand, len(b.nodes))
	if b.nodes[other].score(now) > b.nodes[i].score(now) {
		i, other = other, i
	}
	if now-b.nodes[other].lastPick > kratosForce {
		return other
	}
	return i
}

// score is what a pick compares, at most 5 ms old.
func (n *kratosNode) score(now time.Duration) float64 {
	if now-n.weightAt >= kratosCache {
		n.weight = float64(n.success*10_000) / float64(n.load(now))
		n.weightAt = now
	}
	return n.weight
}

func (n *kratosNode) load(now time.Duration) int64 {
	if n.lag == 0 {
		return kratosUnknown * n.inflight
	}
	lag := max(n.lag, n.predict(now))
	return int64(math.Sqrt(float64(lag+kratosAdd))) * n.inflight
}

// predict returns the mean age of the calls that already take longer than the
// latency, if they are more than half of those in flight.
func (n *kratosNode) predict(now time.Duration) time.Duration {
	var total, slow int
	var sum time.Duration
	for _, start := range n.starts {
		if start == 0 {
			continue
		}
		total++
		if age := now - start; age > n.lag {
			slow++
			sum += age
		}
	}
	if slow < total/2+1 {
		return 0
	}
	return sum / time.Duration(slow)
}

func (b *kratosP2C) end(c call) {
	n := &b.nodes[c.server]
	n.inflight--
	for i, start := range n.starts {
		if start == c.start { // one that began at the same time will do as well
			n.starts[i] = 0
			break
		}
	}
	old := math.Exp(-float64(c.now-n.stamp) / float64(kratosTau))
	n.stamp = c.now
	if n.lag == 0 {
		old = 0
	}
	n.lag = time.Duration(float64(n.lag)*old + float64(c.took())*(1-old))
	n.success = uint64(float64(n.success)*old + successOf(c)*(1-old))
}

// successOf is what a call adds to the success, of 1000, that kratos and go-zero
// average.
func successOf(c call) float64 {
	if c.failed {
		return 0
	}
	return 1000
}
