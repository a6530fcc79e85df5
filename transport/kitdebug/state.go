package kitdebug

import (
	"strings"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/sd"
)

// The states of an instance, for people and for a label.
const (
	unreachable = "unreachable"
	connecting  = "connecting"
	draining    = "draining" // this and the next as sd.State has it
	critical    = "critical"
	leaving     = "leaving"
	ejected     = "ejected"
	guarded     = "guarded"
	warming     = "warming"
	ready       = "ready"
	out         = "out" // not listed
)

// stateOf is the first reason why an instance does not get its share of the
// calls: see the package's documentation.
func stateOf(n *lb.NodeStats) string {
	switch {
	case !n.Connected && n.Err != nil:
		return unreachable
	case !n.Connected:
		return connecting
	case n.State == sd.Draining, n.State == sd.Critical:
		return n.State.String()
	case n.Leaving:
		return leaving
	case n.Ejected > 0:
		return ejected
	case !n.Ready:
		return guarded
	case n.SlowStart > 0:
		return warming
	}
	return ready
}

// states are all that stateOf returns.
func states() []string {
	return []string{ready, warming, guarded, ejected, leaving, draining, critical, connecting, unreachable}
}

// inTrouble says whether somebody who looks for trouble wants to see the row.
func (in *instance) inTrouble() bool {
	switch in.State {
	case guarded, ejected, critical, unreachable:
		return true
	}
	if in.Breaker != nil && in.Breaker.State != breaker.Closed.String() && in.State != out {
		return true
	}
	return in.Listed != nil && !in.Listed.wellKnown()
}

// wellKnown says whether there is nothing odd about being listed, or not. These
// are the words of sd.Explanation.
func (l *listed) wellKnown() bool {
	if l.In {
		return strings.HasPrefix(l.Why, "listed") && !strings.Contains(l.Why, "cannot be used") || strings.HasPrefix(l.Why, "an earlier run")
	}
	return strings.HasPrefix(l.Why, "removed")
}
