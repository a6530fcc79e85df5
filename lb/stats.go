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
	InFlight    int           // calls, and streams, that have not ended
	Calls       uint64        // ended, but for those the guard refused
	Failures    uint64        // of Calls
	Latency     time.Duration // moving average of the successful; 0 if unknown
	Success     float64       // moving average, 1 if nothing failed of late
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
			s.Ready = n.isReady()
			s.InFlight = int(n.calling())
			s.Calls, s.Failures = n.calls.Load(), n.failures.Load()
			s.Latency, s.Success = time.Duration(n.latency.load()), n.success()
		}
		all[i] = s
	}
	return all
}
