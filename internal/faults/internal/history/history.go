// Package history holds what was seen while a fault was at work, and judges
// it: eight promises that hold for any service, registry and fault.
//
// It is pure: it records nothing by itself and knows no registry, so that each
// promise is tested on made-up histories that break it. To add a promise, write
// a function from a History to its violations and list it in [Check].
package history

import (
	"slices"
	"strings"
	"time"
)

// Member is an instance as a registry or a consumer lists it.
type Member struct {
	ID, Addr string
	Callable bool // neither draining nor critical
}

// Sighting is everything that was listed at a moment, sorted by ID.
type Sighting struct {
	At       time.Time // before the question was asked
	Members  []Member
	Draining []string // IDs of those that say that they leave
	Marker   int64    // the highest number that was written before the answer was made; 0 if none
	Epoch    int      // raised when a registry is made to go back in time
}

// Span is a stretch of time; a zero To has not come yet.
type Span struct{ From, To time.Time }

// Owner is one run of a process that registers.
type Owner struct {
	ID, Addr string
	Held     []Span    // when the registry had confirmed the registration, as far as the process knew
	Waits    bool      // its ID belongs to another, so it is not expected to be listed
	End      time.Time // when it was killed or told to leave; zero while it lives
}

// Census counts what a consumer uses.
type Census struct{ Goroutines, Sockets int }

// History is what was seen over one fault.
type History struct {
	Published []Sighting // what the consumer's callers saw, every change
	Listed    []Sighting // what the registry said when it was asked directly, again and again
	Owners    []Owner
	Doubtful  []int64 // markers of which nobody knows when they were written, or whether at all
	Faults    []Span  // while they last, and for Settle after, nothing is expected to be in order

	TTL    time.Duration // after which the registry removes who is dead
	Settle time.Duration // after a fault, until everything must be in order again
	Lag    time.Duration // by which a consumer may be behind a registry that is well

	Calls, Failed, MayFail int

	Before, After Census // at rest
}

// calm tells whether all should be in order at the given time.
func (h *History) calm(at time.Time) bool {
	return !slices.ContainsFunc(h.Faults, func(f Span) bool {
		return at.After(f.From) && (f.To.IsZero() || at.Before(f.To.Add(h.Settle)))
	})
}

// healed is when the last fault that began by the given time was over.
func (h *History) healed(at time.Time) (end time.Time) {
	for _, f := range h.Faults {
		if f.From.Before(at) && f.To.After(end) {
			end = f.To
		}
	}
	return end
}

// published is what callers saw at the given time.
func (h *History) published(at time.Time) (Sighting, bool) {
	i, _ := slices.BinarySearchFunc(h.Published, at, func(s Sighting, at time.Time) int {
		if s.At.After(at) {
			return 1
		}
		return -1
	})
	if i == 0 {
		return Sighting{}, false
	}
	return h.Published[i-1], true
}

// find looks a member up; Members are sorted.
func (s *Sighting) find(id string) (Member, bool) {
	i, ok := slices.BinarySearchFunc(s.Members, id, func(m Member, id string) int { return strings.Compare(m.ID, id) })
	if !ok {
		return Member{}, false
	}
	return s.Members[i], true
}

func (o *Owner) alive(at time.Time) bool { return o.End.IsZero() || at.Before(o.End) }

// overlap tells whether two stretches of time have an instant in common.
func (s Span) overlap(o Span) bool {
	return (s.To.IsZero() || o.From.Before(s.To)) && (o.To.IsZero() || s.From.Before(o.To))
}
