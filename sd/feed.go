package sd

import (
	"slices"
	"sync"

	kitsd "github.com/go-kit/kit/sd"
)

// feeds sends events to go-kit's channels, one goroutine each, so that a
// reader that is slow, or gone, is nobody else's problem.
type feeds struct {
	mu     sync.Mutex // guards the fields below
	active map[chan<- kitsd.Event]*feed
	closed bool
}

// feed is one registered channel.
type feed struct {
	quit chan struct{}
	done chan struct{}
}

func (f *feeds) init() { f.active = map[chan<- kitsd.Event]*feed{} }

func (f *feeds) add(ch chan<- kitsd.Event, snapshot func() (Snapshot, <-chan struct{})) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	if old := f.active[ch]; old != nil {
		old.end()
	}
	n := &feed{quit: make(chan struct{}), done: make(chan struct{})}
	f.active[ch] = n
	go n.run(ch, snapshot)
}

func (f *feeds) remove(ch chan<- kitsd.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := f.active[ch]; old != nil {
		delete(f.active, ch)
		old.end()
	}
}

func (f *feeds) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for ch, old := range f.active {
		delete(f.active, ch)
		old.end()
	}
}

// end stops the feed and joins it. It is called once, under the lock, which is
// short: the goroutine never waits for its reader alone.
func (n *feed) end() {
	close(n.quit)
	<-n.done
}

func (n *feed) run(ch chan<- kitsd.Event, snapshot func() (Snapshot, <-chan struct{})) {
	defer close(n.done)
	var sent *kitsd.Event
	for {
		s, outdated := snapshot()
		event, known := eventOf(s)
		var out chan<- kitsd.Event // nil, so never ready, unless there is news
		if known && !(sent != nil && sameEvent(*sent, event)) {
			out = ch
		}
		select {
		case <-n.quit:
			return
		case <-outdated:
		case out <- copyEvent(event):
			sent = &event
		}
	}
}

// eventOf is s as go-kit sees it, and whether there is anything to say yet.
// A set that is known is never replaced by an error: go-kit's endpointers that
// are made during an outage would start empty.
func eventOf(s Snapshot) (event kitsd.Event, known bool) {
	if s.Source() == Starting {
		return kitsd.Event{Err: s.Err}, s.Err != nil
	}
	return kitsd.Event{Instances: addresses(s.Instances)}, true
}

// addresses lists who takes calls; where nobody does, everyone who is not
// about to leave, since a failing health check may be wrong and an empty list
// is wrong for certain.
func addresses(set []Instance) []string {
	taking, staying := make([]string, 0, len(set)), []string{}
	for i := range set {
		switch set[i].State {
		case Draining:
		case Critical:
			staying = append(staying, set[i].Addr)
		default:
			taking = append(taking, set[i].Addr)
		}
	}
	if len(taking) == 0 {
		taking = staying
	}
	slices.Sort(taking)
	return slices.Compact(taking)
}

func sameEvent(a, b kitsd.Event) bool {
	if (a.Err == nil) != (b.Err == nil) || a.Err != nil && a.Err.Error() != b.Err.Error() {
		return false
	}
	return slices.Equal(a.Instances, b.Instances)
}

// copyEvent gives every reader a slice of its own: go-kit's readers sort it.
func copyEvent(e kitsd.Event) kitsd.Event {
	return kitsd.Event{Instances: slices.Clone(e.Instances), Err: e.Err}
}
