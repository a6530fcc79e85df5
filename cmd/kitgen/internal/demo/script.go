package demo

import (
	"math/rand/v2"
	"time"
)

// kind is what happens to the fleet at one moment of the tour.
type kind string

const (
	kill    kind = "kill"         // SIGKILL: the process is gone, its registration is not
	freeze  kind = "freeze"       // SIGSTOP: it holds its connections and answers nothing
	thaw    kind = "thaw"         // SIGCONT
	stop    kind = "stop"         // SIGTERM: it leaves as a rolling deploy would make it
	start   kind = "start"        // one more replica
	restart kind = "restart etcd" // the registry is killed and comes back on its data
)

// step is one fault of the script, at a time since the load began.
type step struct {
	at      time.Duration
	kind    kind
	replica int // index of the victim; unused by restart, the new one's by start
}

// script spreads the faults over the run. The victims are chosen by seed, and
// are never the same replica twice.
func script(c config) []step {
	victims := rand.New(rand.NewPCG(c.seed, c.seed)).Perm(c.replicas)
	at := func(share float64) time.Duration { return time.Duration(share * float64(c.duration)) }
	frozen := min(freezeFor, at(0.25))
	return []step{
		{at(0.10), kill, victims[0]},
		{at(0.25), freeze, victims[1]},
		{at(0.25) + frozen, thaw, victims[1]},
		{at(0.55), stop, victims[2]},
		{at(0.70), start, c.replicas},
		{at(0.80), restart, -1},
	}
}
