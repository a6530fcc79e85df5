package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Watcher = (*Watcher)(nil)

// ErrSilent is in the error of a watch that etcd stopped answering.
var ErrSilent = errors.New("etcd has been silent")

const (
	askEvery    = 5 * time.Second  // for a watch's progress
	silentAfter = 10 * time.Second // without any answer a watch is given up
)

// Watcher follows the instances of a service in etcd. It may be used by any
// number of goroutines, though one at a time gets the most out of it: the last
// good value of a key is remembered from one Watch to the next.
type Watcher struct {
	registry

	ask, silence time.Duration // askEvery and silentAfter, except in tests

	mu   sync.Mutex // guards the field below
	last *set       // what the previous Watch left; nil while one uses it
}

// NewWatcher makes a Watcher of the instances registered as service. It does
// not touch the network; Watch tells what is wrong with its arguments. The
// client stays the caller's to close, after the last Watch has returned.
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
// A change after a quiet moment is told at once, more within 25 ms together;
// an instance that leaves is always told as Draining before it is left out. A
// value that cannot be read does not count: the last good one stays.
func (w *Watcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	if err := w.check(); err != nil {
		return err
	}
	w.wake()
	s := w.borrow()
	defer w.giveBack(s)
	f := &follower{Watcher: w, set: s, pub: newPublisher(s, update)}
	defer f.pub.timer.Stop()
	for {
		if err := f.relist(ctx); err != nil {
			return err
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
		s = &set{prefix: w.prefix, logger: w.cfg.Logger}
	}
	return s
}

func (w *Watcher) giveBack(s *set) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = s
}

// errRelist is a break after which listing again is enough.
var errRelist = errors.New("history is gone")

// follower is one Watch at work.
type follower struct {
	*Watcher

	set *set
	pub *publisher
	rev int64 // everything up to here is in set
}

// relist makes the set what etcd holds now.
func (f *follower) relist(ctx context.Context) error {
	l, err := f.list(ctx)
	if err != nil {
		return err
	}
	if missed := f.set.replace(l.kvs, f.rev); missed > 0 && l.rev >= f.rev {
		_ = f.cfg.Logger.Log("msg", "the watch had missed changes; they are in now", "prefix", f.prefix, "changes", missed)
	}
	f.rev = l.rev
	return nil
}

// follow keeps the set up to date until the watch breaks, and returns why.
func (f *follower) follow(ctx context.Context) error {
	s := f.watch(ctx, f.create(), f.ask)
	defer s.close()
	silence := time.NewTimer(f.silence)
	defer silence.Stop()
	resync := time.NewTimer(jitter(f.cfg.Resync, 0.2))
	defer resync.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case resp, ok := <-s.responses:
			if !ok {
				return breakOf(s.err)
			}
			f.apply(resp)
			f.pub.offer()
		case <-f.pub.timer.C:
			f.pub.due()
			continue
		case <-silence.C:
			return fmt.Errorf("%w for %v", ErrSilent, f.silence)
		case <-resync.C:
			if err := f.compare(ctx); err != nil {
				return err
			}
			f.pub.offer()
			resync.Reset(jitter(f.cfg.Resync, 0.2))
		}
		silence.Reset(f.silence)
	}
}

// create asks for everything after the list. The list's own revision is in the
// request, though what happened at it is known: etcd reports no progress on a
// watch that starts in its future, and an idle cluster would seem to hang.
func (f *follower) create() *pb.WatchCreateRequest {
	return &pb.WatchCreateRequest{
		Key:            []byte(f.prefix),
		RangeEnd:       []byte(clientv3.GetPrefixRangeEnd(f.prefix)),
		StartRevision:  f.rev,
		ProgressNotify: true,
		Fragment:       true,
	}
}

// apply takes in a response. What it tells a second time is skipped.
func (f *follower) apply(resp *pb.WatchResponse) {
	for _, ev := range resp.Events {
		switch {
		case ev.Kv == nil || ev.Kv.ModRevision <= f.rev:
		case ev.Type == mvccpb.DELETE:
			f.set.remove(string(ev.Kv.Key))
		default:
			f.set.put(ev.Kv)
		}
	}
	if n := len(resp.Events); n > 0 && resp.Events[n-1].Kv != nil {
		f.rev = max(f.rev, resp.Events[n-1].Kv.ModRevision)
	}
}

// compare checks the set against a new list while the watch goes on. What the
// watch delivers later but the list already had is skipped by its revision.
func (f *follower) compare(ctx context.Context) error {
	seen := f.rev
	if err := f.relist(ctx); err != nil {
		return err
	}
	if f.rev < seen {
		return fmt.Errorf("%w: etcd went from revision %d back to %d", errRelist, seen, f.rev)
	}
	return nil
}

// breakOf tells compaction from other ends of a stream.
func breakOf(err error) error {
	if errors.Is(err, rpctypes.ErrCompacted) {
		return fmt.Errorf("%w: %w", errRelist, err)
	}
	return err
}
