package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

// errRelist is a break after which listing again is enough.
var errRelist = errors.New("history is gone")

// follower is one Watch at work.
type follower struct {
	registry
	head // everything up to its rev is in set

	watcher *Watcher
	set     *set
	pub     *publisher
	base    int64           // no answer of this stream can be older
	unseen  map[string]bool // keys that a comparison found changed, until the stream tells of them
	until   int64           // the revision by which it should have
}

func newFollower(w *Watcher, r registry, s *set, update func([]sd.Instance)) *follower {
	return &follower{registry: r, head: s.head, watcher: w, set: s, pub: newPublisher(s, update)}
}

func (f *follower) end() {
	f.pub.timer.Stop()
	f.set.head = f.head
	f.watcher.giveBack(f.set)
}

// relist makes the set what etcd holds now.
func (f *follower) relist(ctx context.Context) error {
	_, err := f.read(ctx)
	return err
}

// read is relist, and returns the keys under which something was new.
func (f *follower) read(ctx context.Context) (changed map[string]bool, err error) {
	asked := time.Now()
	listed := map[string]bool{}
	changed = map[string]bool{}
	h, err := f.list(ctx, func(kv *mvccpb.KeyValue) {
		listed[string(kv.Key)] = true
		if f.set.put(kv) {
			changed[string(kv.Key)] = true
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			f.watcher.failed(asked)
		}
		return nil, err
	}
	for _, key := range f.set.keep(listed) {
		changed[key] = true
	}
	back := f.cluster != 0 && (h.cluster != f.cluster || h.rev < f.rev)
	f.watcher.listed(back)
	if back {
		_ = f.cfg.Logger.Log("msg", "another etcd cluster, or an older state of it, has answered", "prefix", f.prefix,
			"cluster", h.cluster, "was", f.cluster, "revision", h.rev, "was_revision", f.rev)
	}
	f.head = h
	return changed, nil
}

// follow keeps the set up to date until the watch breaks, and returns why.
func (f *follower) follow(ctx context.Context) error {
	s := f.watch(ctx, f.create(), f.watcher.ask)
	defer s.close()
	f.base, f.unseen = f.rev, nil
	silence := time.NewTimer(min(f.watcher.silence, createAfter))
	defer silence.Stop()
	heard := time.Now()
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
			if err := f.continues(resp); err != nil {
				return err
			}
			f.apply(resp)
			f.pub.offer()
		case <-f.pub.timer.C:
			f.pub.due()
			continue
		case <-silence.C:
			return fmt.Errorf("%w for %v", ErrSilent, time.Since(heard).Round(time.Millisecond))
		case <-resync.C:
			if err := f.compare(ctx); err != nil {
				return err
			}
			f.pub.offer()
			resync.Reset(jitter(f.cfg.Resync, 0.2))
		}
		heard = time.Now()
		silence.Reset(f.watcher.silence)
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
// Keys that a comparison found changed are forgiven if the stream tells of them
// by the time it has come as far as the comparison had.
func (f *follower) apply(resp *pb.WatchResponse) {
	newest := f.rev
	for _, ev := range resp.Events {
		switch {
		case ev.Kv == nil:
			continue
		case ev.Kv.ModRevision <= f.rev || f.set.older(ev.Kv):
		case ev.Type == mvccpb.DELETE:
			f.set.remove(string(ev.Kv.Key))
		default:
			f.set.put(ev.Kv)
		}
		delete(f.unseen, string(ev.Kv.Key))
		newest = max(newest, ev.Kv.ModRevision)
	}
	f.rev = newest
	if len(resp.Events) == 0 && !resp.Created && resp.Header.GetRevision() >= f.until && len(f.unseen) > 0 {
		f.watcher.count(func(s *Stats) { s.Missed += int64(len(f.unseen)) })
		_ = f.cfg.Logger.Log("msg", "the watch had missed changes; they are in now", "prefix", f.prefix, "changes", len(f.unseen))
		f.unseen = nil
	}
}

// continues checks that a response goes on where those before it ended. The
// first may come from a member that is a moment behind.
func (f *follower) continues(resp *pb.WatchResponse) error {
	h := resp.Header
	switch {
	case f.cluster != 0 && h.GetClusterId() != f.cluster:
		return fmt.Errorf("%w: etcd was cluster %x and is %x now", errRelist, f.cluster, h.GetClusterId())
	case !resp.Created && h.GetRevision() < f.base:
		return fmt.Errorf("%w: etcd went from revision %d back to %d", errRelist, f.base, h.GetRevision())
	}
	f.base = max(f.base, h.GetRevision())
	return nil
}

// compare checks the set against a new list while the watch goes on. What the
// watch delivers later but the list already had is skipped by its revision.
func (f *follower) compare(ctx context.Context) error {
	was := f.head
	changed, err := f.read(ctx)
	switch {
	case err != nil:
		return err
	case was.cluster != 0 && was.cluster != f.cluster:
		return fmt.Errorf("%w: etcd was cluster %x and is %x now", errRelist, was.cluster, f.cluster)
	case f.rev < was.rev:
		return fmt.Errorf("%w: etcd went from revision %d back to %d", errRelist, was.rev, f.rev)
	}
	f.unseen, f.until = changed, f.rev
	return nil
}

// breakOf tells compaction from other ends of a stream.
func breakOf(err error) error {
	if errors.Is(err, rpctypes.ErrCompacted) {
		return fmt.Errorf("%w: %w", errRelist, err)
	}
	return err
}
