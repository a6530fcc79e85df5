package peers

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	peakTau     = 10 * time.Second
	peakUnknown = math.MaxInt64 >> 16 // Finagle's cost of a call to a server without latency, while one is in flight
)

// peakEWMA is P2C over a peak EWMA, as in Finagle and Linkerd: of two different
// servers the one with less latency · (calls in flight + 1), where a latency
// above the average replaces it at once, one below lowers it over 10 s, and the
// average sinks towards 0 while it is only read. A failure counts by the time it
// took.
type peakEWMA struct {
	nodes []peakNode
	rand  *rand.Rand

	// What Linkerd has otherwise.
	initial time.Duration // the latency of a server without one; Finagle: 0, unknown
	penalty time.Duration // the least latency that a failure counts as; 0: what it took
}

type peakNode struct {
	latency  float64 // nanoseconds
	stamp    time.Duration
	inflight int
}

func newFinagle(env sim.Env) balancer { return newPeakEWMA(env, 0, 0) }

// newLinkerd is Linkerd's default: a server is expected to take 30 ms.
func newLinkerd(env sim.Env) balancer { return newPeakEWMA(env, 30*time.Millisecond, 0) }

// newLinkerdPenalty is its load biaser of 2026, which is to be opted into: a
// failure counts as 5 s, and a server is expected to take 1 s.
func newLinkerdPenalty(env sim.Env) balancer { return newPeakEWMA(env, time.Second, 5*time.Second) }

func newPeakEWMA(env sim.Env, initial, penalty time.Duration) *peakEWMA {
	b := &peakEWMA{make([]peakNode, env.Servers), env.Rand, initial, penalty}
	for i := range b.nodes {
		b.nodes[i] = peakNode{latency: float64(initial), stamp: epoch + env.Now()}
	}
	return b
}

func (b *peakEWMA) pick(now time.Duration) int {
	i := 0
	if len(b.nodes) > 1 {
		var j int
		i, j = two(b.rand, len(b.nodes))
		if b.nodes[i].cost(now) > b.nodes[j].cost(now) {
			i = j
		}
	}
	b.nodes[i].inflight++
	return i
}

func (n *peakNode) cost(now time.Duration) float64 {
	n.observe(0, now)
	if n.latency == 0 && n.inflight > 0 {
		return peakUnknown + float64(n.inflight)
	}
	return n.latency * float64(n.inflight+1)
}

func (n *peakNode) observe(latency float64, now time.Duration) {
	old := math.Exp(-float64(now-n.stamp) / float64(peakTau))
	n.stamp = now
	if latency > n.latency {
		n.latency = latency
		return
	}
	n.latency = n.latency*old + latency*(1-old)
}

func (b *peakEWMA) end(c call) {
	n := &b.nodes[c.server]
	n.inflight--
	latency := float64(c.took())
	if c.failed && b.penalty > 0 {
		latency = max(float64(b.penalty), n.latency)
	}
	n.observe(latency, c.now)
}
