package hedging

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	slots = 10          // of a window
	slot  = time.Second // so that it is ten seconds long
)

// Share bounds something that calls may have more of: Ratio of the calls of the
// last ten seconds, and PerSecond on top. The zero Share allows nothing. Its
// fields must not change once it is used; its methods are safe for concurrent
// use, without locks.
type Share struct {
	Ratio, PerSecond float64

	refused       atomic.Int64 // slot, from 1, in which one was refused last; 0: none of late
	calls, extras counter
}

// Deposit counts a call that begins.
func (s *Share) Deposit(now time.Duration) { s.calls.add(slotOf(now), 1) }

// Withdraw takes one, if there is one.
func (s *Share) Withdraw(now time.Duration) bool {
	at := slotOf(now)
	return s.withdraw(at, s.allows(s.calls.sum(at)))
}

// withdraw takes one if there are no more than so many with it.
func (s *Share) withdraw(at int64, most float64) bool {
	// Counted first and taken back if it was too many: so that of several at a
	// time none is counted on the others' place.
	s.extras.add(at, 1)
	if float64(s.extras.sum(at)) <= most {
		return true
	}
	s.extras.add(at, -1)
	s.refused.Store(at)
	return false
}

// GiveBack undoes a Withdraw at then whose result was not used.
func (s *Share) GiveBack(then time.Duration) { s.extras.add(slotOf(then), -1) }

// Empty reports whether one was refused a moment ago. It costs one load while
// none was.
func (s *Share) Empty(now time.Duration) bool {
	switch at := s.refused.Load(); at {
	case 0:
		return false
	case slotOf(now):
		return true
	default:
		s.refused.CompareAndSwap(at, 0)
		return false
	}
}

// Stats returns the calls of the last ten seconds, what they had more, and what
// they may have.
func (s *Share) Stats(now time.Duration) (calls, extras, allowed int) {
	at := slotOf(now)
	calls = s.calls.sum(at)
	return calls, s.extras.sum(at), int(min(s.allows(calls), 1<<62))
}

func (s *Share) allows(calls int) float64 {
	return s.Ratio*float64(calls) + s.PerSecond*slots*slot.Seconds()
}

func slotOf(now time.Duration) int64 { return int64(max(now, 0)/slot) + 1 }

// counter counts in slots. One that is not of the last ten is not read, and
// replaced by whoever counts next.
type counter [slots]atomic.Uint64 // slot<<32 | biased count

const zero = 1 << 31 // what is given back may come to a slot of which nothing is left

func (c *counter) add(at int64, n int) {
	cell := &c[at%slots]
	for {
		was := cell.Load()
		switch {
		case int64(was>>32) > at:
			return // the window has moved past it
		case int64(was>>32) == at:
			cell.Add(uint64(n))
			return
		case cell.CompareAndSwap(was, uint64(at)<<32|(zero+uint64(n))):
			return
		}
	}
}

func (c *counter) sum(at int64) int {
	total := 0
	for i := range c {
		v := c[i].Load()
		if age := at - int64(v>>32); v != 0 && age >= 0 && age < slots {
			total += int(v&math.MaxUint32) - zero
		}
	}
	return max(total, 0)
}
