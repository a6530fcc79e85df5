package breaker

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// backlog is how many changes wait for a callback that is slow.
const backlog = 1024

// change is one change of a circuit.
type change struct {
	instance string
	from, to State
}

// news brings changes to OnStateChange, one after the other and never on the
// goroutine of a call. One goroutine at most is there for it, and only while
// there is something to tell.
type news struct {
	tell func(instance string, from, to State)
	wg   sync.WaitGroup // the goroutine

	// mu is held while a circuit changes from one state to another, so that its
	// changes stand in waiting in their order. It is not held during a callback.
	mu      sync.Mutex
	waiting []change // the first is being told
	closed  bool
	missed  int // changes that nobody was told of
	panics  int
	panic   any // the last one
}

// add has mu held.
func (n *news) add(c change) {
	switch {
	case n.closed:
		return
	case len(n.waiting) == backlog: // the oldest goes: how things are now matters more
		n.waiting = slices.Delete(n.waiting, 1, 2)
		n.missed++
	}
	n.waiting = append(n.waiting, c)
	if len(n.waiting) == 1 {
		n.wg.Go(n.tellFirst)
	}
}

// tellFirst tells the first change. The others are told by another goroutine
// each: a callback may end this one, by runtime.Goexit or a panic.
func (n *news) tellFirst() {
	defer func() {
		p := recover()
		n.mu.Lock()
		defer n.mu.Unlock()
		if p != nil {
			n.panics, n.panic = n.panics+1, p
		}
		if n.waiting = n.waiting[1:]; len(n.waiting) > 0 {
			n.wg.Go(n.tellFirst)
		}
	}()
	n.mu.Lock()
	c := n.waiting[0]
	n.mu.Unlock()
	n.tell(c.instance, c.from, c.to)
}

// close tells what is left to tell, and nothing after that.
func (n *news) close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.wg.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	if n.panics > 0 {
		errs = append(errs, fmt.Errorf("breaker: OnStateChange panicked, %d times in all, with %v", n.panics, n.panic))
	}
	if n.missed > 0 {
		errs = append(errs, fmt.Errorf("breaker: OnStateChange was too slow: it missed %d changes", n.missed))
	}
	return errors.Join(errs...)
}
