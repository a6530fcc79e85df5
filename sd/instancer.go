package sd

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"
)

var (
	_ kitsd.Instancer = (*Instancer)(nil)
	_ Source          = (*Instancer)(nil)
)

// InstancerConfig adjusts an Instancer. The zero value is good.
type InstancerConfig struct {
	Transport  string        // "grpc", "http": Addr becomes the instance's own address for it (Instance.For); as registered if empty
	Protection Protection    // Hold if zero; Off for a service that may scale to zero without saying so
	HoldFor    time.Duration // how long a healthy, non-empty registry must insist on a sudden loss; 60 s if zero or less
	MinBackoff time.Duration // bound of the first wait before a broken watch is tried again; 100 ms if zero or less
	MaxBackoff time.Duration // bound of the last; 5 s if zero or less
	Logger     log.Logger    // hears of changes of state, not of attempts; nop if nil

	// SnapshotFile keeps the last good set on disk, so that this process can
	// start while its registry is down: it is read if the registry has not
	// answered two seconds after the start, or answers with nobody. One file per
	// service and process; its folder must exist. None if empty.
	SnapshotFile   string
	SnapshotMaxAge time.Duration // of a file that is read; 24 h if zero or less
}

// Instancer watches one service for as long as it lives, whatever its registry
// does, and hands what it knows to any number of readers: whole instances by
// Snapshot, addresses by go-kit's Register. One is enough for all methods and
// clients of a service. All methods may be called at any time from anywhere.
//
// A registry that fails takes nothing away: the last set stays, and stays
// usable, until the registry answers again (see Protection).
type Instancer struct {
	known    atomic.Pointer[knowledge]
	counters counters
	inbox    inbox
	curator  *curator
	below    func(id string) // Unreachable of a Watcher that has one
	feeds    feeds
	stop     func()
	loops    sync.WaitGroup
}

// knowledge is a Snapshot and the channel that is closed once it is outdated.
type knowledge struct {
	Snapshot

	vouched  time.Time // when the registry, or the file, last vouched for it; the start if neither did
	outdated chan struct{}
}

// NewInstancer starts to watch by w. It returns at once and never fails: a
// registry that is not there is asked again until it is. Stop ends it.
func NewInstancer(w Watcher, cfg InstancerConfig) *Instancer {
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	ctx, cancel := context.WithCancel(context.Background())
	i := &Instancer{inbox: newInbox(), stop: cancel}
	i.known.Store(&knowledge{vouched: time.Now(), outdated: make(chan struct{})})
	i.feeds.init()
	if u, ok := w.(interface{ Unreachable(id string) }); ok {
		i.below = u.Unreachable
	}
	i.curator = newCurator(cfg, i.publish)
	if r, ok := w.(interface{ Refused() map[string]error }); ok {
		i.curator.refused = r.Refused
	}
	i.curator.count = &i.counters
	if cfg.SnapshotFile != "" {
		file := newSetFile(w, cfg)
		i.curator.file = file
		i.loops.Go(func() { file.keep(ctx, i.Snapshot) })
	}
	i.loops.Go(func() { watchLoop(ctx, w, &i.inbox, newBackoff(cfg.MinBackoff, cfg.MaxBackoff)) })
	i.loops.Go(func() { i.curator.run(ctx, &i.inbox) })
	return i
}

// Snapshot returns what is known now and a channel that is closed as soon as
// something newer is. It neither blocks nor allocates, and goes on answering
// with the last state after Stop.
func (i *Instancer) Snapshot() (Snapshot, <-chan struct{}) {
	k := i.known.Load()
	return k.Snapshot, k.outdated
}

// Register sends the current state to ch, and every later one, as go-kit
// events: the full list of addresses that take calls, sorted, each once. An
// error is sent only while no set was ever known, and nothing at all before
// either is. A reader that falls behind gets the latest state and delays
// nobody. ch is never closed. Registering ch again sends the state anew; after
// Stop, Register does nothing.
func (i *Instancer) Register(ch chan<- kitsd.Event) { i.feeds.add(ch, i.Snapshot) }

// Deregister ends what Register started. Once it has returned nothing more is
// sent to ch; it waits for no reader.
func (i *Instancer) Deregister(ch chan<- kitsd.Event) { i.feeds.remove(ch) }

// Unreachable says that nobody takes calls at the address of the instance with
// this ID: that they are refused, not that they are late or fail. If the registry
// lists it, that changes nothing: such news is the breaker's. But one that is
// there only because Protection holds it is dropped, at once and until the
// registry lists it again. A Pool of package lb calls it.
func (i *Instancer) Unreachable(id string) {
	if i.counters.doubted.Load() > 0 { // else there is nothing to decide, at any rate of failures
		i.inbox.unreachable(id)
	}
	if i.below != nil {
		i.below(id)
	}
}

// Stop ends the watch and every registered channel's feed, and returns once
// all goroutines have ended. Later and concurrent calls wait for the same.
func (i *Instancer) Stop() {
	i.stop()
	i.feeds.close()
	i.loops.Wait()
}

// publish makes s the current state. Only the curator calls it.
func (i *Instancer) publish(s Snapshot) {
	i.counters.publishes.Add(1)
	next := &knowledge{Snapshot: s, vouched: i.known.Load().vouched, outdated: make(chan struct{})}
	switch was := i.known.Load().Source(); {
	case s.Source() == Restored:
		next.vouched = s.Saved
	case s.Source() == Fresh, was == Fresh: // it went stale just now
		next.vouched = time.Now()
	}
	old := i.known.Swap(next)
	close(old.outdated)
}
