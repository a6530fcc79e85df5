package sd

import (
	"sync/atomic"
	"time"
)

// Stats are an Instancer's gauges and counters at one moment, for a metric
// that is read when it is scraped:
//
//	prometheus.NewGaugeFunc(opts, func() float64 { return instances.Stats().Age.Seconds() })
type Stats struct {
	Source    SourceState   // where the set comes from
	Age       time.Duration // since the registry last vouched for the set: 0 while Fresh; since the start while Starting
	Instances int           // in the set
	Draining  int           // of these, those about to leave
	Held      int           // of these, those that only Protection keeps

	Quarantined int    // entries the registry lists now that cannot be used
	Refused     uint64 // such entries ever, each counted once for every time it changed
	Breaks      uint64 // how often the watch has broken
	Publishes   uint64 // how often the set, or what is known of it, has changed
	Unreachable uint64 // instances dropped because they refused their callers
}

// counters is what Stats has beyond the Snapshot.
type counters struct {
	quarantined atomic.Int64
	doubted     atomic.Int64 // instances that the registry does not list, any more or yet

	refused, breaks, publishes, unreachable atomic.Uint64
}

// Stats returns the gauges and counters of this moment. It does not block.
func (i *Instancer) Stats() Stats {
	k := i.known.Load()
	s := Stats{
		Source: k.Source(), Instances: len(k.Instances), Held: k.Held,
		Quarantined: int(i.counters.quarantined.Load()), Refused: i.counters.refused.Load(), Breaks: i.counters.breaks.Load(),
		Publishes: i.counters.publishes.Load(), Unreachable: i.counters.unreachable.Load(),
	}
	if s.Source != Fresh {
		s.Age = time.Since(k.vouched)
	}
	for n := range k.Instances {
		if k.Instances[n].State == Draining {
			s.Draining++
		}
	}
	return s
}
