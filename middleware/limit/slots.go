package limit

import (
	"sync"
	"sync/atomic"
)

// slots counts the calls in flight.
type slots struct{ n atomic.Int64 }

// take counts a call in, unless there are limit already. It returns how many
// there are then. A call that finds no room has changed nothing, so that even
// many of them do not get into each other's way.
func (s *slots) take(limit int) (inflight int, ok bool) {
	for {
		n := s.n.Load()
		if n >= int64(limit) {
			return int(n), false
		}
		if s.n.CompareAndSwap(n, n+1) {
			return int(n) + 1, true
		}
	}
}

// give counts a call out.
func (s *slots) give() { s.n.Add(-1) }

func (s *slots) inflight() int { return int(s.n.Load()) }

// handed gives the slot to the stream that a response is, if it is one: a
// response with a method OnEnd, as package lb describes, is in flight until it
// ends.
func (s *slots) handed(response any, err error) bool {
	stream, ok := response.(interface{ OnEnd(f func(err error)) })
	if !ok || err != nil {
		return false
	}
	give := sync.OnceFunc(s.give)
	stream.OnEnd(func(error) { give() })
	return true
}
