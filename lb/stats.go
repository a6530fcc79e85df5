package lb

import (
	"time"

	"github.com/kitgen/kitgen/sd"
)

// NodeStats is what a pool knows about one instance, for people to read. What
// calls left behind is zero while the instance is not connected, and starts
// afresh with every connection.
type NodeStats struct {
	sd.Instance               // as the source has it
	Connected   bool          // its endpoint is there
	Err         error         // why connecting failed last; nil if it did not
	Ready       bool          // the guard lets calls through now
	Leaving     bool          // it said itself that it leaves, whatever the source says
	InFlight    int           // calls, and streams, that have not ended
	Calls       uint64        // ended, but for those the guard refused
	Failures    uint64        // of Calls
	Latency     time.Duration // moving average of the successful; 0 if unknown
	Success     float64       // moving average, 1 if nothing failed of late
	Ejected     time.Duration // for how much longer it is ejected as an outlier; 0 if it is not
	EjectedFor  string        // why; empty if it is not
	SlowStart   float64       // the share of its picks that it gets as yet; 0 once it gets all
}

// Nodes returns the state of every instance the source knows of, sorted by ID.
func (p *Pool) Nodes() []NodeStats {
	p.mu.Lock()
	known := make([]member, len(p.order))
	for i, m := range p.order {
		known[i] = *m
	}
	p.mu.Unlock() // what a guard does to answer is not known here

	all := make([]NodeStats, len(known))
	for i, m := range known {
		s := NodeStats{Instance: *m.in, Err: m.err, Success: 1}
		if n := m.node; n != nil {
			s.Connected = true
			s.Ready, s.Leaving = n.isReady(), n.spared.Load()
			s.InFlight = int(n.calling())
			n.standing(&s)
			s.Calls, s.Failures = n.calls.Load(), n.failures.Load()
			s.Latency, s.Success = time.Duration(n.latency.load()), n.success()
		}
		all[i] = s
	}
	return all
}

// standing says whether the node is ejected or in slow start.
func (n *node) standing(s *NodeStats) {
	bars := n.barred.Load()
	if bars&ejected != 0 {
		s.Ejected = max(time.Duration(n.trial.until.Load()-n.pool.now()), 1) // it may be overdue: calls end it
		s.EjectedFor = n.trial.why().String()
	}
	if bars&warming != 0 {
		s.SlowStart = float64(n.warmth.share.Load()) / (1 << 32)
	}
}
