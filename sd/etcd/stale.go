package etcd

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// stale ends a Watch whose list failed because of cause. If none has worked for
// long, it adds whoever a single member knows; that member may be behind, so it
// takes nobody away and changes nobody.
func (f *follower) stale(ctx context.Context, cause error) error {
	if ctx.Err() != nil || refused(cause) || f.watcher.failingFor() < staleAfter {
		return cause
	}
	_, err := f.listStale(ctx, func(kv *mvccpb.KeyValue) {
		if !f.set.has(string(kv.Key)) {
			f.set.put(kv)
		}
	})
	if err != nil {
		return cause // it is the same
	}
	f.watcher.count(func(s *Stats) { s.Stale++ })
	if f.set.dirty {
		f.pub.now()
	}
	return fmt.Errorf("%w: %w", ErrStale, cause)
}

// failed notes that a list asked for at the given time did not work.
func (w *Watcher) failed(asked time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing.IsZero() {
		w.failing = asked
	}
}

// listed notes that one did, and whether it was of another history.
func (w *Watcher) listed(back bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failing = time.Time{}
	w.stats.Lists++
	if back {
		w.stats.Rollbacks++
	}
}

// failingFor is for how long no list has worked.
func (w *Watcher) failingFor() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing.IsZero() {
		return 0
	}
	return time.Since(w.failing)
}
