package middleware

import (
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
)

// ClientStats is what a client's policies are at present, for metrics and pages.
// What is left out of the stack is zero.
type ClientStats struct {
	Budget   retry.Stats
	Throttle throttle.Stats
	Bulkhead bulkhead.Stats
	Service  breaker.Status   // of the ServiceBreaker
	Circuits []breaker.Status // of the instances, sorted
}

// Stats returns what the policies are now. It can be asked at any time, and delays
// no call. How methods fare is for Observers to tell.
func (s *ClientStack) Stats() ClientStats {
	stats := ClientStats{Budget: s.Budget().Stats(), Circuits: s.Circuits()}
	if s.throttle != nil {
		stats.Throttle = s.throttle.Stats()
	}
	if s.bulkhead != nil {
		stats.Bulkhead = s.bulkhead.Stats()
	}
	if s.service != nil {
		stats.Service = s.service.Circuits()[0] // the stack keeps it alive
	}
	return stats
}
