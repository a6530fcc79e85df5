package sd

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// errNoReason replaces a nil that a backend returned while it should have gone
// on.
var errNoReason = errors.New("backend returned without a reason")

// inbox is where the watch leaves what it hears and the curator picks it up.
// Only the latest set waits there, so a burst of changes costs one publish;
// what must not be skipped, that an instance was seen Draining, is remembered.
type inbox struct {
	wake chan struct{} // has one token while mail waits

	mu   sync.Mutex // guards the fields below
	mail mail
	open int // the watch that may deliver; an update called after its Watch returned is dropped
	seen time.Time
}

// mail is everything heard since the curator last looked.
type mail struct {
	set     []Instance
	isSet   bool            // set is news
	drained map[string]bool // IDs that were Draining in a set that a later one replaced
	err     error           // why the watch is broken now; nil while it works
	isErr   bool            // err is news
	refused map[string]bool // IDs of those that refused their callers
}

func newInbox() inbox { return inbox{wake: make(chan struct{}, 1)} }

// begin admits a new watch and returns its update function.
func (b *inbox) begin() func([]Instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open++
	b.seen = time.Time{}
	watch := b.open
	return func(set []Instance) { b.deliver(watch, set) }
}

func (b *inbox) deliver(watch int, set []Instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if watch != b.open {
		return
	}
	if b.seen.IsZero() {
		b.seen = time.Now()
	}
	if b.mail.isSet {
		b.mail.noteDrained()
	}
	b.mail.set, b.mail.isSet = slices.Clone(set), true
	b.mail.err, b.mail.isErr = nil, true
	b.ring()
}

// end records why the open watch broke, and returns for how long it worked.
func (b *inbox) end(err error) (worked time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open++
	b.mail.err, b.mail.isErr = err, true
	b.ring()
	if b.seen.IsZero() {
		return 0
	}
	return time.Since(b.seen)
}

// unreachable notes that the instance refused its callers.
func (b *inbox) unreachable(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mail.refused == nil {
		b.mail.refused = map[string]bool{}
	}
	b.mail.refused[id] = true
	b.ring()
}

func (b *inbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default: // one token is enough: the curator takes all there is
	}
}

// take empties the inbox.
func (b *inbox) take() mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.mail
	b.mail = mail{}
	return m
}

func (m *mail) noteDrained() {
	for i := range m.set {
		if m.set[i].State != Draining {
			continue
		}
		if m.drained == nil {
			m.drained = map[string]bool{}
		}
		m.drained[m.set[i].key()] = true
	}
}

// watchLoop keeps one watch going until ctx ends.
func watchLoop(ctx context.Context, w Watcher, b *inbox, wait backoff) {
	for failures := 0; ; failures++ {
		update := b.begin()
		err := <-contain(func() error { return w.Watch(ctx, update) })
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errNoReason
		}
		if b.end(err) >= proven {
			failures = 0
		}
		if !pause(ctx, wait.delay(failures)) {
			return
		}
	}
}
