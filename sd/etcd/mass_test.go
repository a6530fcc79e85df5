package etcd

import (
	"fmt"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// A thousand join in front of twenty watchers. Each watcher lists once, before
// them, and takes the rest from its stream: what a change costs does not depend
// on how many there are.
func TestJoinsCostEachWatcherOneList(t *testing.T) {
	f := newFixture(t)
	const joiners, watchers, clients = 1000, 20, 4
	var ranges calls
	var connections []*clientv3.Client
	for range clients {
		connections = append(connections, connect(t, f.etcd.Endpoint(), ranges.count("/etcdserverpb.KV/Range")))
	}
	var all []*Watcher
	var sinks []*sink
	for i := range watchers {
		w := NewWatcher(connections[i%clients], "svc", Config{})
		seen, _ := watch(t, w)
		want(t, seen)
		all, sinks = append(all, w), append(sinks, seen)
	}
	start := time.Now()
	var joining sync.WaitGroup
	for part := range 10 {
		joining.Go(func() {
			for i := range joiners / 10 {
				if _, err := f.client.Put(t.Context(), f.key(fmt.Sprintf("x%d-%d", part, i)), "10.0.0.1:80"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	joining.Wait()
	put := time.Since(start)
	for i, seen := range sinks {
		eventually(t, "all are seen by everybody", func() bool { set, _ := seen.last(); return len(set) == joiners })
		if told := len(seen.all()); told > joiners+1 {
			t.Errorf("watcher %d told %d sets of %d changes", i, told, joiners)
		}
		if got := all[i].Stats(); got.Lists != 1 || got.Missed != 0 {
			t.Errorf("watcher %d: %+v, want one list and nothing missed", i, got)
		}
	}
	t.Logf("%d joined within %v; %d watchers know all after %v, the first one told %d sets", joiners, put, watchers, time.Since(start), len(sinks[0].all()))

	// What happens at once is told at once: a set or two, not a hundred.
	var before []int
	for _, seen := range sinks {
		before = append(before, len(seen.all()))
	}
	var burst []clientv3.Op
	for i := range 100 {
		burst = append(burst, clientv3.OpDelete(f.key(fmt.Sprintf("x0-%d", i))))
	}
	if _, err := f.client.Txn(t.Context()).Then(burst...).Commit(); err != nil {
		t.Fatal(err)
	}
	for i, seen := range sinks {
		eventually(t, "the burst is seen", func() bool { set, _ := seen.last(); return len(set) == joiners-len(burst) })
		if told := len(seen.all()) - before[i]; told > 2 {
			t.Errorf("watcher %d told %d sets of a burst of %d", i, told, len(burst))
		}
	}
	if got := ranges.n.Load(); got != watchers {
		t.Errorf("%d Range requests, want %d", got, watchers)
	}
}
