package lb

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// Pick is why one call went where it went.
type Pick struct {
	At         time.Duration // since the pool was made
	Balancer   string        // which kind picked, behind those that chose it: "zone eu-1: adaptive"
	Chosen     string        // the instance's ID; empty if there was none
	Step       string        // how much had to be given up: "ready" (nothing), "tried" (one that was tried before), "panic" (past guards and ejections)
	Keyed      bool          // the call had a key
	Key        uint64        // its hash
	Of         int           // how many instances could be picked
	Candidates []Candidate   // those that were compared, for balancers that compare; those passed over, for others
	Err        error         // why there was none
}

// Candidate is an instance that a pick looked at.
type Candidate struct {
	ID       string
	Cost     float64       // what balancers that compare go by, with its share of chance; 0 if it was not asked
	InFlight int           // calls in flight
	Latency  time.Duration // moving average; 0 if unknown
	Success  float64       // moving average
	Excluded string        // why it could not be picked; empty if it could
}

// String is the pick as one line.
func (t Pick) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %s", t.At.Round(time.Microsecond), t.Balancer)
	if t.Keyed {
		fmt.Fprintf(&b, " key %016x", t.Key)
	}
	switch {
	case t.Err != nil:
		fmt.Fprintf(&b, ": nobody: %v", t.Err)
	case t.Step == "ready":
		fmt.Fprintf(&b, ": %s of %d", t.Chosen, t.Of)
	default:
		fmt.Fprintf(&b, ": %s of %d (%s)", t.Chosen, t.Of, t.Step)
	}
	for i, c := range t.Candidates {
		sep := ", "
		if i == 0 {
			sep = "; looked at "
		}
		b.WriteString(sep + c.String())
	}
	return b.String()
}

// String is the candidate in a few words.
func (c Candidate) String() string {
	var b strings.Builder
	b.WriteString(c.ID)
	if c.Excluded != "" {
		fmt.Fprintf(&b, " (%s)", c.Excluded)
		return b.String()
	}
	fmt.Fprintf(&b, " (cost %.3g, %d in flight", c.Cost, c.InFlight)
	if c.Latency > 0 {
		fmt.Fprintf(&b, ", %v", c.Latency.Round(10*time.Microsecond))
	}
	if c.Success < 1 {
		fmt.Fprintf(&b, ", success %.0f %%", 100*c.Success)
	}
	b.WriteString(")")
	return b.String()
}

// Explain returns why the last calls went where they went, the latest last: as
// many picks as PoolConfig.Explain says, of all balancers over the pool. It is
// empty if that is zero.
func (p *Pool) Explain() []Pick {
	if p.recorder == nil {
		return nil
	}
	return p.recorder.last()
}

// recorder remembers the last picks.
type recorder struct {
	pool *Pool

	mu   sync.Mutex // guards what follows
	ring []Pick
	next int
	full bool
}

func newRecorder(p *Pool, size int) *recorder { return &recorder{pool: p, ring: make([]Pick, size)} }

// record is pick, out of so many, remembered.
func (r *recorder) record(name string, of int, w want, pick func(want) (endpoint.Endpoint, error)) (endpoint.Endpoint, error) {
	t := &Pick{At: time.Duration(r.pool.now()), Balancer: name, Step: "ready", Keyed: w.keyed, Key: w.key, Of: of}
	w.trace = t
	e, err := pick(w)
	t.Err = err
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = *t
	if r.next++; r.next == len(r.ring) {
		r.next, r.full = 0, true
	}
	return e, err
}

func (r *recorder) last() []Pick {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.full {
		return append([]Pick(nil), r.ring[:r.next]...)
	}
	return append(append([]Pick(nil), r.ring[r.next:]...), r.ring[:r.next]...)
}

// chose notes how the pick ended. t may be nil, as for all of these.
func (t *Pick) chose(sl *slot, step string) {
	if t == nil {
		return
	}
	t.Step = step
	if sl.in != nil { // nil: see stranger
		t.Chosen = sl.in.ID
	}
}

// by notes which balancer is at it now.
func (t *Pick) by(name string) {
	if t != nil {
		t.Balancer = name
	}
}

// via notes that the balancer which is at it was chosen by another.
func (t *Pick) via(name string) {
	if t != nil {
		t.Balancer = name + ": " + t.Balancer
	}
}

// begin forgets the candidates of a step that found nobody.
func (t *Pick) begin() {
	if t != nil {
		t.Candidates = nil
	}
}

// consider notes that a slot is looked at.
func (t *Pick) consider(sl *slot, cost float64, w *want) {
	n := sl.node
	c := Candidate{ID: n.id, Cost: cost, InFlight: int(n.calling()), Latency: time.Duration(n.latency.load()), Success: n.success()}
	switch {
	case w.untried.Tried(n.id):
		c.Excluded = "tried by this call"
	case w.ready && !w.plain && !n.usable(w.luck):
		c.Excluded = n.unusable()
	}
	t.Candidates = append(t.Candidates, c)
}
