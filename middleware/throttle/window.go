package throttle

import (
	"sync/atomic"
	"time"
)

// slots is how many parts a window has. The oldest is forgotten as a whole, so
// that a window is up to a part shorter than it says.
const slots = 24

// window remembers counts for a while. Nobody holds a lock, and no count is ever
// set back: whoever first comes after the end of a slot puts a new one in its
// place, which knows the sum of those before it. What is counted in a slot that
// is over, by one who came before, is missed until the next turn.
type window struct {
	width time.Duration // of a slot
	now   atomic.Pointer[slot]
}

// tally is what became of the calls of one slot.
type tally struct {
	requests  atomic.Int64 // begun, whether let through or not
	accepts   atomic.Int64 // that the service took
	overloads atomic.Int64 // that were turned away, there or here
}

// slot is the present part of a window.
type slot struct {
	*tally // on its own, so that later slots do not keep this one

	number int64
	end    time.Duration
	past   [slots]*tally // by number modulo slots; nil if nothing came then
	older  sums          // of past, when this slot began
}

// sums are the counts of a window.
type sums struct{ requests, accepts, overloads int64 }

func (w *window) start(length time.Duration) {
	w.width = max(1, length/slots)
	w.now.Store(&slot{tally: new(tally), end: w.width})
}

// at returns the slot of a moment, given as the time since the window's start.
func (w *window) at(t time.Duration) *slot {
	if s := w.now.Load(); t < s.end {
		return s
	}
	return w.turn(t)
}

// turn replaces the present slot by that of t.
func (w *window) turn(t time.Duration) *slot {
	old := w.now.Load()
	if t < old.end { // somebody was first
		return old
	}
	number := int64(t / w.width)
	s := &slot{tally: new(tally), number: number, end: time.Duration(number+1) * w.width}
	for n := max(0, number-slots+1, old.number-slots+1); n <= old.number; n++ {
		part := old.past[n%slots]
		if n == old.number {
			part = old.tally
		}
		if part != nil {
			s.past[n%slots] = part
			s.older = s.older.plus(part)
		}
	}
	if w.now.CompareAndSwap(old, s) {
		return s
	}
	return w.now.Load()
}

// sums returns the counts of the window that ends with the slot.
func (s *slot) sums() sums { return s.older.plus(s.tally) }

// recent returns the counts of the last twelfth of it, or up to a slot less.
func (s *slot) recent() sums {
	var n sums
	if last := s.past[(s.number+slots-1)%slots]; last != nil {
		n = n.plus(last)
	}
	return n.plus(s.tally)
}

func (s sums) plus(t *tally) sums {
	return sums{s.requests + t.requests.Load(), s.accepts + t.accepts.Load(), s.overloads + t.overloads.Load()}
}
