package peers

import (
	"math"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	orcaBlackout = 10 * time.Second
	orcaExpiry   = 3 * time.Minute
	orcaUpdate   = time.Second
	orcaPenalty  = 1.0 // of errors, as utilisation
	orcaMax      = math.MaxUint16
)

// orca is grpc-go's weighted_round_robin (gRFC A58) with its defaults and a
// report in every answer: a server's weight is what it answers per second over
// its utilisation and share of errors, once it has reported for 10 s. A static
// stride over the weights of the last second deals out turns.
type orca struct {
	env     sim.Env
	nodes   []orcaNode
	weights []uint16 // nil: round robin
	next    uint32
	renewed time.Duration
}

type orcaNode struct {
	weight           float64
	since, refreshed time.Duration // 0: never
}

func newORCA(env sim.Env) balancer {
	return &orca{
		env: env, nodes: make([]orcaNode, env.Servers),
		next: env.Rand.Uint32(), renewed: epoch + env.Now(),
	}
}

func (b *orca) pick(now time.Duration) int {
	if late := now - b.renewed; late >= orcaUpdate {
		b.renewed = now - late%orcaUpdate
		b.weights = stride(b.valid(now))
	}
	n := uint64(len(b.nodes))
	for {
		b.next++
		seq := uint64(b.next)
		if i := seq % n; b.weights == nil || due(uint64(b.weights[i]), i, seq/n) {
			return int(i)
		}
	}
}

// due says whether server i takes its turn in a generation, as weight of orcaMax
// generations it does.
func due(weight, i, generation uint64) bool {
	return (weight*generation+i*(orcaMax/2))%orcaMax >= orcaMax-weight
}

// valid returns the weights that count now; 0 for a server without one.
func (b *orca) valid(now time.Duration) []float64 {
	valid := make([]float64, len(b.nodes))
	for i := range b.nodes {
		switch n := &b.nodes[i]; {
		case n.refreshed == 0:
		case now-n.refreshed >= orcaExpiry:
			n.since = 0
		case n.since != 0 && now-n.since >= orcaBlackout:
			valid[i] = n.weight
		}
	}
	return valid
}

// stride scales weights so that the largest is orcaMax; a server without one
// gets the mean. It returns nil if round robin is as good. A weight below half of
// 1/65535 of the largest becomes 0: never picked.
func stride(weights []float64) []uint16 {
	var sum, largest float64
	known := 0
	for _, w := range weights {
		sum += w
		largest = max(largest, w)
		if w > 0 {
			known++
		}
	}
	if known < 2 {
		return nil
	}
	scale := orcaMax / largest
	mean := uint16(math.Round(scale * sum / float64(known)))
	scaled, alike := make([]uint16, len(weights)), true
	for i, w := range weights {
		scaled[i] = mean
		if w > 0 {
			scaled[i] = uint16(math.Round(scale * w))
		}
		alike = alike && scaled[i] == mean
	}
	if alike {
		return nil
	}
	return scaled
}

func (b *orca) end(c call) {
	if answered(c, b.env) {
		b.nodes[c.server].report(b.env.Report(c.server), c.now)
	}
}

func (n *orcaNode) report(l sim.Load, now time.Duration) {
	if l.Utilisation == 0 || l.QPS == 0 {
		return
	}
	n.weight = l.QPS / (l.Utilisation + l.EPS/l.QPS*orcaPenalty)
	n.refreshed = now
	if n.since == 0 {
		n.since = now
	}
}
