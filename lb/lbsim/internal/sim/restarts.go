package sim

import (
	"time"

	"github.com/kitgen/kitgen/sd"
)

// drainFor is how long a server that was taken out of the registry still serves.
const drainFor = time.Second

// roll restarts servers one after the other, as a deployment does: each says that
// it drains, stops, is away for a while, and comes back at another address. The
// next begins when the last is back.
func (w *world) roll(servers []*server, f Fault) {
	if len(servers) == 0 {
		return
	}
	s := servers[0]
	s.leaving = true
	w.tell(s, sd.Draining)
	w.after(drainFor, func() {
		s.lose()
		s.fail(1) // it refuses connections
		w.tell(s, gone)
	})
	w.after(drainFor+f.Down, func() {
		s.leaving, s.failing = false, 0
		s.restart()
		w.tell(s, sd.Up)
		w.roll(servers[1:], f)
	})
}

// gone is the state of servers that are not in the registry.
const gone = sd.State(255)

// follower is a Caller that reads the registry.
type follower interface{ follow(known []sd.Instance) }

// tell puts a server's state into the registry, if there is one, and waits until
// all who read it have done so: news takes no virtual time.
func (w *world) tell(s *server, state sd.State) {
	if w.roster == nil {
		return
	}
	known := w.roster.set(s.index, state)
	for _, c := range w.callers {
		if p, ok := c.(follower); ok {
			p.follow(known)
		}
	}
}
