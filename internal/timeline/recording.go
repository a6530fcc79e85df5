package timeline

import (
	"slices"
	"sync"
	"time"
)

// The states that a band shows.
const (
	none     = ""         // not there
	up       = "up"       // listed, or in the set; of the registry: it answers
	draining = "draining" // there, and about to leave
	held     = "held"     // in the set although the registry does not list it
	stale    = "stale"    // of what callers know of the registry: it does not answer
	down     = "down"     // the registry's process is gone
)

// Recording is what happened in one scene. Its window is what is drawn.
type Recording struct {
	Title    string // what to look for, in one sentence
	Note     string // under what conditions
	From, To time.Time
	Zero     time.Time // what the axis counts from
	Registry Track
	Source   Track // whether the consumer's set is what etcd says now
	Lanes    []Lane
	Marks    []Mark            // in the order of time
	Bin      time.Duration     // that a bar stands for; what can be seen if zero
	Legend   map[string]string // what states mean, where it is not the usual
	Calls    []Call            // of the consumer, with all their attempts
}

// Lane is one instance.
type Lane struct {
	ID       string
	Listed   Track  // what etcd says
	Known    Track  // what the consumer's set has
	Bands    []Band // of its own, above those two
	Bars     []Bars // in place of one of Attempts
	Attempts []Call // sent to it
}

// Band is a state over time, with the words that stand for it.
type Band struct {
	Caption string
	Track   Track
	Words   map[string]string
}

// Bars are calls by the time they were sent.
type Bars struct {
	Caption string
	Calls   []Call
}

// Call is one call, or one attempt of it, when it was sent.
type Call struct {
	At     time.Time
	Failed bool
}

// Mark is a moment with a name.
type Mark struct {
	At    time.Time
	Label string
	Lane  string // ID of the instance it happened to; none for the registry
}

// Track is a state over time: every change, in order.
type Track []change

type change struct {
	At    time.Time
	State string
}

// span is a state that lasted.
type span struct {
	From, To time.Time
	State    string
}

// Set notes a state, unless it is the present one.
func (t *Track) Set(at time.Time, state string) {
	now := none
	if n := len(*t); n > 0 {
		now = (*t)[n-1].State
	}
	if now != state {
		*t = append(*t, change{at, state})
	}
}

// within cuts the track to a window, without the times of none.
func (t Track) within(from, to time.Time) (spans []span) {
	for i, c := range t {
		s := span{c.At, to, c.State}
		if i+1 < len(t) {
			s.To = t[i+1].At
		}
		if s.From.Before(from) {
			s.From = from
		}
		if s.To.After(to) {
			s.To = to
		}
		if s.State != none && s.From.Before(s.To) {
			spans = append(spans, s)
		}
	}
	return spans
}

// counts is of the calls in the window.
func (r *Recording) counts() (calls, failed int) {
	for _, c := range r.Calls {
		if c.At.Before(r.From) || c.At.After(r.To) {
			continue
		}
		calls++
		if c.Failed {
			failed++
		}
	}
	return calls, failed
}

// recorder takes a recording from many goroutines.
type recorder struct {
	mu       sync.Mutex // guards the fields below
	registry Track
	source   Track
	lanes    []Lane            // without Attempts
	attempts map[string][]Call // by address
	addrs    map[string]string // ID → address, as soon as the instance has said it
	marks    []Mark
	calls    []Call
}

func newRecorder() *recorder {
	return &recorder{attempts: map[string][]Call{}, addrs: map[string]string{}}
}

// mark names a moment.
func (r *recorder) mark(at time.Time, label, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marks = append(r.marks, Mark{at, label, id})
}

// addLane makes room for an instance.
func (r *recorder) addLane(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lanes = append(r.lanes, Lane{ID: id})
}

// setAddr says whose the attempts at addr are.
func (r *recorder) setAddr(id, addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addrs[id] = addr
}

// setRegistry notes the state of the registry's process.
func (r *recorder) setRegistry(state string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registry.Set(time.Now(), state)
}

// setSource notes whether the consumer's set is what etcd says now.
func (r *recorder) setSource(state string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.source.Set(time.Now(), state)
}

// setListed notes what the registry lists: states by ID.
func (r *recorder) setListed(states map[string]string) {
	r.setAll(states, func(l *Lane) *Track { return &l.Listed })
}

// setKnown notes what the consumer's set has: states by ID.
func (r *recorder) setKnown(states map[string]string) {
	r.setAll(states, func(l *Lane) *Track { return &l.Known })
}

func (r *recorder) setAll(states map[string]string, of func(*Lane) *Track) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for i := range r.lanes {
		of(&r.lanes[i]).Set(now, states[r.lanes[i].ID])
	}
}

// called notes the end of a call that was sent at that time.
func (r *recorder) called(at time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, Call{at, err != nil})
}

// attempted notes the end of an attempt at an instance.
func (r *recorder) attempted(addr string, at time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts[addr] = append(r.attempts[addr], Call{at, err != nil})
}

// attemptsAt returns the attempts at an instance so far, by the time they were
// sent.
func (r *recorder) attemptsAt(id string) []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	sorted := slices.Clone(r.attempts[r.addrs[id]])
	slices.SortFunc(sorted, func(a, b Call) int { return a.At.Compare(b.At) })
	return sorted
}

// last returns the last change to a state in what the registry lists of an
// instance.
func (r *recorder) last(id, state string) (at time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lanes {
		for _, c := range slices.Backward(l.Listed) {
			if l.ID == id && c.State == state {
				return c.At, true
			}
		}
	}
	return time.Time{}, false
}

// states are the present ones of all instances, in the order they were added.
func (r *recorder) states(of func(*Lane) Track) (states []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.lanes {
		t, now := of(&r.lanes[i]), none
		if len(t) > 0 {
			now = t[len(t)-1].State
		}
		states = append(states, now)
	}
	return states
}

// recording is what was recorded, once nothing is recorded any more. The mark
// that was made first is what the others are measured from.
func (r *recorder) recording() *Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := &Recording{Registry: r.registry, Source: r.source, Lanes: r.lanes, Marks: r.marks, Calls: r.calls}
	for i := range rec.Lanes {
		rec.Lanes[i].Attempts = r.attempts[r.addrs[rec.Lanes[i].ID]]
	}
	if len(rec.Marks) > 0 {
		rec.Zero = rec.Marks[0].At
	}
	slices.SortStableFunc(rec.Marks, func(a, b Mark) int { return a.At.Compare(b.At) })
	return rec
}
