package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Watcher = (*Watcher)(nil)

var (
	// ErrSilent is in the error of a watch that etcd stopped answering.
	ErrSilent = errors.New("etcd has been silent")

	// ErrStale is in the error of a watch that could but ask a member that may
	// be behind the others.
	ErrStale = errors.New("etcd has no quorum, what is known may be old")
)

const (
	askEvery    = 5 * time.Second  // for a watch's progress
	silentAfter = 10 * time.Second // without any answer a watch is given up
	createAfter = 5 * time.Second  // the same, for one that has never answered: its member may hang
	staleAfter  = 10 * time.Second // without a list, one that may be old is better than none
)

// Watcher follows the instances of a service in etcd. It may be used by any
// number of goroutines, though one at a time gets the most out of it: the last
// good value of a key is remembered from one Watch to the next.
type Watcher struct {
	registry

	ask, silence time.Duration // askEvery and silentAfter, except in tests

	mu      sync.Mutex // guards the fields below
	last    *set       // what the previous Watch left; nil while one uses it
	failing time.Time  // since when no list worked; zero while they do
	stats   Stats
	refused map[string]error // values that cannot be read now
}

// NewWatcher makes a Watcher of the instances registered as service. It does
// not touch the network; Watch tells what is wrong with its arguments. The
// client stays the caller's to close, after the last Watch has returned; with
// none, each Watch makes its own by cfg.Connection.
func NewWatcher(c *clientv3.Client, service string, cfg Config) *Watcher {
	return &Watcher{registry: newRegistry(c, service, cfg), ask: askEvery, silence: silentAfter}
}

// NewInstancer is sd.NewInstancer on a new Watcher, with cfg.Instancer, whose
// Logger is cfg.Logger if it has none.
func NewInstancer(c *clientv3.Client, service string, cfg Config) *sd.Instancer {
	if cfg.Instancer.Logger == nil {
		cfg.Instancer.Logger = cfg.Logger
	}
	return sd.NewInstancer(NewWatcher(c, service, cfg), cfg.Instancer)
}

// Watch calls update with the full set of instances, once it is known and
// whenever it changes, until ctx ends or the watch breaks. Compaction, and a
// history that went backwards, are overcome by listing again.
//
// A change after a quiet moment is told at once, a burst together (within 25 ms
// in a huge service); an instance that leaves is always told as Draining before
// it is left out. A value that cannot be read does not count: the last good one
// stays.
//
// While etcd has no quorum nobody is taken away. Once no list has worked for
// ten seconds, whoever a single member knows is added to what was known, which
// is told, and Watch returns with ErrStale.
func (w *Watcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	if err := w.check(); err != nil {
		return err
	}
	r, done, err := w.connect(ctx)
	if err != nil {
		return fmt.Errorf("watch %s: %w", w.prefix, err)
	}
	defer done()
	r.wake()
	s := w.borrow()
	f := newFollower(w, r, s, update)
	defer f.end()
	for {
		if err := f.relist(ctx); err != nil {
			return f.stale(ctx, r.tls.explain(err))
		}
		f.pub.now() // even if nothing changed: it says that etcd answers
		listed := time.Now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.pub.flush()
		if !errors.Is(err, errRelist) || time.Since(listed) < time.Second {
			return fmt.Errorf("watch %s: %w", w.prefix, err)
		}
	}
}

// borrow takes what the last Watch knew; a second Watch meanwhile starts anew.
func (w *Watcher) borrow() *set {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.last
	w.last = nil
	if s == nil {
		s = newSet(w.registry, w.quarantined, w.refuse)
	}
	return s
}

func (w *Watcher) giveBack(s *set) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = s
}
