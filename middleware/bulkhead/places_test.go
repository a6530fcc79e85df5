package bulkhead

import (
	"math/rand/v2"
	"testing"
)

// step is where a call of TestEveryOrder is: between two steps, others take
// theirs.
type step int

const (
	outside   step = iota
	counted        // and not in: it is about to join the queue
	waiting        // in the queue, or granted a place that it has not noticed
	inside         // under way
	uncounted      // it has left, and is about to grant its place
)

// TestEveryOrder has calls take their steps in a random order, so that they meet
// between any two: where real threads seldom do.
func TestEveryOrder(t *testing.T) {
	for range 3000 {
		p := &places{max: 1 + rand.Int64N(3), maxWaiting: rand.Int64N(4)}
		calls := make([]step, 8)
		waiters := make([]*waiter, len(calls))
		for range 200 {
			i := rand.IntN(len(calls))
			calls[i] = p.next(calls[i], &waiters[i], rand.IntN(2) == 0)
			check(t, p, calls, waiters)
		}
		for done := false; !done; { // nobody comes any more, and all go their way
			done = true
			for i, s := range calls {
				if s != outside {
					calls[i] = p.next(s, &waiters[i], true)
					done = false
				}
			}
			check(t, p, calls, waiters)
		}
		if n := p.calls.Load(); n != 0 || p.spare != 0 || p.waiters.Len() != 0 {
			t.Fatalf("%d calls, %d places spare, %d in the queue when all is over", n, p.spare, p.waiters.Len())
		}
	}
}

// next takes one step of a call. One that waits is out of patience or not.
func (p *places) next(s step, w **waiter, patience bool) step {
	switch s {
	case outside:
		room, in := p.count()
		switch {
		case !room:
			return outside
		case in:
			return inside
		}
		return counted
	case counted:
		if *w = p.join(); *w == nil {
			return inside
		}
		return waiting
	case waiting:
		select {
		case <-(*w).granted:
			return inside
		default:
		}
		if !patience && p.desert(*w) {
			return outside
		}
		return waiting
	case inside:
		if p.calls.Add(-1) >= p.max { // leave, in two steps
			return uncounted
		}
		return outside
	default:
		p.grant()
		return outside
	}
}

// check counts who has a place, and sees to it that no place lies idle while
// somebody waits and nobody is between two steps.
func check(t *testing.T, p *places, calls []step, waiters []*waiter) {
	t.Helper()
	var placed, queued, moving int64
	for i, s := range calls {
		switch s {
		case inside:
			placed++
		case waiting:
			if waiters[i].element == nil {
				placed++
			} else {
				queued++
			}
		case counted, uncounted:
			moving++
		case outside:
		}
	}
	switch {
	case placed > p.max:
		t.Fatalf("%d calls have a place, the bound is %d", placed, p.max)
	case moving == 0 && queued > p.maxWaiting:
		t.Fatalf("%d calls wait, the bound is %d", queued, p.maxWaiting)
	case moving == 0 && queued > 0 && placed < p.max:
		t.Fatalf("%d calls wait while %d of %d places are taken", queued, placed, p.max)
	case moving == 0 && p.spare != 0:
		t.Fatalf("%d places are spare and nobody is about to take one", p.spare)
	}
}
