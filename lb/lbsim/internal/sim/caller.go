package sim

import (
	"math/rand/v2"
	"time"
)

// Policy is a way to balance: every client of a run gets a Caller of its own
// from New. A Caller is used by one goroutine.
type Policy struct {
	Name string
	New  func(Env) Caller

	// Central policies do not choose: calls wait in one queue before all servers.
	central bool
	// Those that follow hear of servers that leave and come back.
	follows bool
}

// Plays says whether the policy can play a scenario. Those that do not hear of
// membership cannot play restarts.
func (p Policy) Plays(sc Scenario) bool {
	for _, f := range sc.Faults {
		if f.Kind == Restarts && !p.follows {
			return false
		}
	}
	return true
}

// Caller is one client's balancer.
type Caller interface {
	// Start picks a server for a call, in [0, Env.Servers), or returns -1 if
	// there is none; the call then fails at once, and done is not called. Else
	// done is called once, when the answer or the timeout has arrived at the
	// client. It may be nil if the caller does not care.
	Start() (server int, done func(failed bool))
	// Close frees what the caller holds. All its calls are done by then.
	Close()
}

// Env is what a Caller sees of the simulated world.
type Env struct {
	Client  int        // which of the clients this is, from 0
	Clients int        // how many there are
	Servers int        // how many there are
	Weights []int      // of the servers, as a registry would know them; never changed
	Seed    uint64     // different for every client and run
	Rand    *rand.Rand // seeded with it
	Now     func() time.Duration

	// Report is what a server would say about itself now, in an answer or to a
	// probe. The way there and back is the policy's to wait for, with After.
	Report func(server int) Load
	// After calls f when d has passed. What is still due when a run ends is not called.
	After func(d time.Duration, f func())
	// Delay is how long a message takes one way.
	Delay time.Duration
	// Message counts a message beyond the calls and their answers, such as a probe.
	Message func()

	world *world
}

// Load is what a server knows about itself.
type Load struct {
	RIF         int     // requests in flight: waiting or served
	QPS         float64 // answers a second, the failed among them: a moving average over a second
	EPS         float64 // failed answers a second, likewise
	Utilisation float64 // share of the workers that are busy, likewise; in [0, 1]
	Silent      bool    // it hangs: a probe would get no answer

	server *server
}

// Latency is the median time, in the server, of the latest requests that
// arrived at about the present number in flight; 0 if there were none. It costs
// a microsecond.
func (l Load) Latency() time.Duration { return l.server.medianLatency() }
