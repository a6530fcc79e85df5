package bulkhead

import (
	"container/list"
	"sync"
	"sync/atomic"
)

// places is a bound with a queue. It is one number, calls: whoever raises it to
// max or less is in, whoever raises it further waits for one who leaves. One who
// leaves and sees by the number that somebody waits owes that one a place. So of
// the calls that are counted, the first max have a place each: they are in, or a
// place is on its way to them. The queue settles who gets which.
type places struct {
	max, maxWaiting int64

	calls atomic.Int64 // in and waiting

	mu      sync.Mutex // guards what follows, and every waiter's element
	waiters list.List  // of *waiter

	// spare is how many places nobody has taken: somebody who waits by the
	// number had not joined the queue yet. It is negative for places on their
	// way to one who does not wait any more.
	spare int
}

// waiter is a call in the queue.
type waiter struct {
	granted chan struct{} // closed when it has a place
	element *list.Element // nil when it is out of the queue
}

// count counts one call more if there is room for it, and says whether that is
// in or has to join the queue.
func (p *places) count() (room, in bool) {
	for {
		n := p.calls.Load()
		if n >= p.max && n-p.max >= p.maxWaiting {
			return false, false
		}
		if p.calls.CompareAndSwap(n, n+1) { // Add would let a rejected call look like one that waits
			return true, n < p.max
		}
	}
}

// leave gives back a place, to the first who waits.
func (p *places) leave() {
	if p.calls.Add(-1) >= p.max {
		p.grant()
	}
}

// grant gives the place of one who has left to the first who waits.
func (p *places) grant() {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.waiters.Front()
	if p.spare < 0 || first == nil {
		p.spare++
		return
	}
	w, _ := p.waiters.Remove(first).(*waiter)
	w.element = nil
	close(w.granted)
}

// join puts a call that is counted at the end of the queue, and returns nil if
// there is a place for it already.
func (p *places) join() *waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spare > 0 { // then nobody else waits
		p.spare--
		return nil
	}
	w := &waiter{granted: make(chan struct{})}
	w.element = p.waiters.PushBack(w)
	return w
}

// desert takes w out of the queue and the count. It is false if w has a place by
// now, to be used or given back.
func (p *places) desert(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.element == nil {
		return false
	}
	p.waiters.Remove(w.element)
	w.element = nil
	if p.calls.Add(-1) < p.max {
		p.spare-- // somebody has left and counted on w
	}
	return true
}
