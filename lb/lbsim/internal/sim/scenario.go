package sim

import "time"

// Scenario is a fleet, what is asked of it and what goes wrong. Zero fields
// have the defaults that they name.
type Scenario struct {
	Name  string // S1
	Title string // one line for people

	Servers []Server      // whom the clients call
	Clients int           // how many balance for themselves; 10 if zero
	Rate    float64       // calls a second of all clients together
	Bursts  *Bursts       // how Rate swings; steady if nil
	Service Service       // how long a call takes a worker of speed 1
	Hiccups *Hiccups      // attempts that take longer by chance; none if nil
	Delay   time.Duration // of a message, one way; 250 µs if zero
	Timeout time.Duration // of a call, at its client; 2 s if zero
	Cancel  bool          // whether servers drop queued calls whose client gave up
	Abort   bool          // whether they stop work on such calls too, when word has come; includes Cancel

	Warmup time.Duration // calls that begin earlier are not counted; 5 s if zero, none if negative
	Length time.Duration // of what is counted; 30 s if zero

	Faults []Fault

	// Watch is the server whose share of calls is reported, counting from 1;
	// none if zero.
	Watch int
	// Latency says whether the scenario belongs to the latency table and its
	// mean, rather than to the faults.
	Latency bool
	// Hedging says whether it belongs to the table of second attempts.
	Hedging bool
}

// Server is one server at the beginning.
type Server struct {
	Workers int     // calls at the same time; 4 if zero
	Speed   float64 // of every worker; 1 if zero
	Weight  int     // what a registry says of it; 1 if zero
}

// Bursts make a steady stream of calls a Markov-modulated one: it changes
// between High times the rate for about HighFor and Low times for about LowFor.
type Bursts struct {
	High, Low       float64
	HighFor, LowFor time.Duration // means of exponential times
}

// Hiccups make a Share of all attempts take Factor times as long. It is no matter
// of the call: its second attempt has as much luck as any other.
type Hiccups struct{ Share, Factor float64 }

// Fault is something that happens to some servers. At and For are on the run's
// clock, which begins with the warm-up.
type Fault struct {
	Kind    Kind
	Servers []int         // whom it happens to, counting from 1; all if empty
	At      time.Duration // when it begins
	For     time.Duration // how long it lasts; to the end if zero

	Speed float64       // Slow, Cold: the factor, or the first of it
	Share float64       // Fail: of calls; 1 if zero
	Last  Range         // Antagonists, Pauses: of each; uniform
	Every time.Duration // Antagonists, Pauses: mean time between; exponential
	Depth Range         // Antagonists: the factor; uniform
	Down  time.Duration // Restarts: from leaving the registry to coming back
}

// Kind says what a Fault does.
type Kind int

// What a Fault does.
const (
	Slow        Kind = iota + 1 // speed is multiplied by Speed
	Cold                        // speed grows from Speed to 1 in a straight line
	Fail                        // a share of calls fails within a millisecond, without waiting
	Hang                        // calls are taken and never answered; those inside are lost
	Antagonists                 // every so often, speed is multiplied by Depth for Last
	Pauses                      // every so often, all work stands still for Last
	Restarts                    // one server after the other drains for a second, leaves for Down, and comes back as another process; For is not used
)

// Range is what a figure is drawn from, all with the same chance.
type Range struct{ From, To float64 }
