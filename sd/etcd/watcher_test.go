package etcd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

func TestWatchListsThenFollows(t *testing.T) {
	f := newFixture(t)
	f.put(f.key("a"), "10.0.0.1:80")
	f.put("/kitgen/svc-admin/x", "10.0.0.9:80") // another service
	seen, r := watch(t, NewWatcher(f.client, "svc", Config{}))
	a := sd.Instance{ID: "a", Addr: "10.0.0.1:80"}
	want(t, seen, a)
	f.put(f.key("b"), `{"Op":0,"Addr":"10.0.0.2:80"}`)
	f.put("/kitgen/svc-admin/y", "10.0.0.9:80")
	want(t, seen, a, sd.Instance{ID: "b", Addr: "10.0.0.2:80"})
	f.put(f.key("b"), "not an address")
	f.put(f.key("c"), "10.0.0.3:80")
	want(t, seen, a, sd.Instance{ID: "b", Addr: "10.0.0.2:80"}, sd.Instance{ID: "c", Addr: "10.0.0.3:80"})
	if err := r.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch = %v, want the end of its ctx", err)
	}
}

func TestWatchTellsOfNobody(t *testing.T) {
	f := newFixture(t)
	seen, _ := watch(t, NewWatcher(f.client, "nobody", Config{}))
	want(t, seen)
}

func TestWatchListsManyPages(t *testing.T) {
	f := newFixture(t)
	const n = 2*pageSize + 1
	var ops []clientv3.Op
	for i := range n {
		ops = append(ops, clientv3.OpPut(f.key(fmt.Sprintf("x%04d", i)), "10.0.0.1:80"))
	}
	for batch := range slices.Chunk(ops, 100) {
		if _, err := f.client.Txn(t.Context()).Then(batch...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	var ranges calls
	seen, _ := watch(t, NewWatcher(connect(t, f.etcd.Endpoint(), ranges.count("/etcdserverpb.KV/Range")), "svc", Config{}))
	eventually(t, "all are listed", func() bool { return len(seen.ids()) == n })
	if got := ranges.n.Load(); got != 3 {
		t.Errorf("%d Range requests, want 3 pages", got)
	}
	if !slices.IsSorted(seen.ids()) || len(slices.Compact(seen.ids())) != n {
		t.Error("an instance is listed twice")
	}
	if sets := len(seen.all()); sets != 1 {
		t.Errorf("told %d sets, want 1", sets)
	}
}

// The list is read once, however many join: each event is applied, none is
// answered by reading again.
func TestJoinsCostNoList(t *testing.T) {
	f := newFixture(t)
	var ranges calls
	seen, _ := watch(t, NewWatcher(connect(t, f.etcd.Endpoint(), ranges.count("/etcdserverpb.KV/Range")), "svc", Config{}))
	want(t, seen)
	const n = 1000
	start := time.Now()
	var joining sync.WaitGroup
	for part := range 10 {
		joining.Go(func() {
			for i := range n / 10 {
				if _, err := f.client.Put(t.Context(), f.key(fmt.Sprintf("x%d-%d", part, i)), "10.0.0.1:80"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	joining.Wait()
	eventually(t, "all are seen", func() bool { return len(seen.ids()) == n })
	t.Logf("%d joined in %v, told in %d sets", n, time.Since(start), len(seen.all()))
	if got := ranges.n.Load(); got != 1 {
		t.Errorf("%d Range requests, want 1", got)
	}
}

func TestLeavingTogetherIsSeenDraining(t *testing.T) {
	f := newFixture(t)
	var holds []*running
	for i := range 20 {
		_, r := hold(t, f.holder, instance(fmt.Sprint("x", i)))
		holds = append(holds, r)
	}
	eventually(t, "all are seen", func() bool { return len(f.seen.ids()) == 20 })
	var leaving sync.WaitGroup
	for _, r := range holds {
		leaving.Go(func() {
			if err := r.stop(); err != nil {
				t.Error(err)
			}
		})
	}
	leaving.Wait()
	want(t, f.seen)
	state := map[string]sd.State{}
	for _, set := range f.seen.all() {
		now := map[string]sd.State{}
		for _, in := range set {
			now[in.ID] = in.State
		}
		for id, was := range state {
			if _, ok := now[id]; !ok && was != sd.Draining {
				t.Errorf("%s was removed without having been seen Draining", id)
			}
		}
		state = now
	}
}

// An idle cluster answers no progress request for a watch that starts after
// its last revision; that must not pass for silence.
func TestIdleIsNotSilent(t *testing.T) {
	f := newFixture(t)
	fo := testFollower(t, NewWatcher(f.client, "svc", Config{}), &sink{})
	if err := fo.relist(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := fo.watch(t.Context(), fo.create(), 20*time.Millisecond)
	defer s.close()
	for answers := 0; answers < 5; { // would block for ever
		resp, ok := <-s.responses
		if !ok {
			t.Fatal(s.err)
		}
		if !resp.Created && len(resp.Events) == 0 {
			answers++
		}
	}
}

// testFollower returns a Watch at work, to be driven step by step.
func testFollower(t *testing.T, w *Watcher, seen *sink) *follower {
	fo := newFollower(w, w.registry, w.borrow(), seen.update)
	t.Cleanup(fo.end)
	return fo
}

func TestSilenceIsAnError(t *testing.T) {
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	w := NewWatcher(connect(t, p.Addr()), "svc", Config{})
	w.ask, w.silence = 100*time.Millisecond, time.Second
	for _, d := range []servers.Direction{servers.Up, servers.Down, servers.Both} {
		seen, r := watch(t, w)
		want(t, seen)
		p.Stall(d)
		start := time.Now()
		if err := r.wait(); !errors.Is(err, ErrSilent) {
			t.Errorf("Watch = %v, want ErrSilent", err)
		}
		t.Logf("stalled (%d) → noticed: %v, with a limit of %v", d, time.Since(start), w.silence)
		p.Heal()
	}
}

func TestCutIsAnErrorAtOnce(t *testing.T) {
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	seen, r := watch(t, NewWatcher(connect(t, p.Addr()), "svc", Config{}))
	want(t, seen)
	p.Cut()
	start := time.Now()
	err := r.wait()
	t.Logf("cut → noticed: %v: %v", time.Since(start), err)
	if err == nil || !strings.Contains(err.Error(), "/kitgen/svc/") {
		t.Errorf("Watch = %v, want an error that names the prefix", err)
	}
}

// What a Watch leaves is taken up by the next one: values that cannot be read
// any more are still known from before.
func TestNextWatchRemembersLastGoodValue(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(f.client, "svc", Config{})
	f.put(f.key("a"), "10.0.0.1:80")
	seen, r := watch(t, w)
	want(t, seen, sd.Instance{ID: "a", Addr: "10.0.0.1:80"})
	_ = r.stop()
	f.put(f.key("a"), "?")
	f.put(f.key("b"), "10.0.0.2:80")
	seen, _ = watch(t, w)
	want(t, seen, sd.Instance{ID: "a", Addr: "10.0.0.1:80"}, sd.Instance{ID: "b", Addr: "10.0.0.2:80"})
	// One more at the same time cannot know that.
	seen, _ = watch(t, w)
	want(t, seen, sd.Instance{ID: "b", Addr: "10.0.0.2:80"})
}

func TestCompactionUnderWatchListsAgain(t *testing.T) {
	f := newFixture(t)
	fo := testFollower(t, NewWatcher(f.client, "svc", Config{}), &sink{})
	if err := fo.relist(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Between its list and its watch, history goes away.
	f.put(f.key("a"), "10.0.0.1:80")
	resp, err := f.client.Put(t.Context(), f.key("b"), "10.0.0.2:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.client.Compact(t.Context(), resp.Header.Revision); err != nil {
		t.Fatal(err)
	}
	if err := fo.follow(t.Context()); !errors.Is(err, errRelist) {
		t.Errorf("follow = %v, want errRelist", err)
	}
}

func TestCompactionWhileDisconnectedConverges(t *testing.T) {
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	i := NewInstancer(connect(t, p.Addr()), "svc", Config{})
	defer i.Stop()
	f.put(f.key("a"), "10.0.0.1:80")
	f.put(f.key("b"), "10.0.0.2:80")
	known(t, i, "a", "b")
	p.Cut()
	f.put(f.key("c"), "10.0.0.3:80")
	if _, err := f.client.Delete(t.Context(), f.key("b")); err != nil {
		t.Fatal(err)
	}
	resp, err := f.client.Put(t.Context(), f.key("d"), "10.0.0.4:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.client.Compact(t.Context(), resp.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	p.Heal()
	eventually(t, "c and d are known", func() bool {
		s, _ := i.Snapshot()
		ids := idsOf(s.Instances)
		return slices.Contains(ids, "c") && slices.Contains(ids, "d") && s.Err == nil
	})
	t.Logf("healed after compaction → converged: %v", time.Since(start))
}

func TestResyncFindsWhatTheWatchMissed(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(f.client, "svc", Config{Resync: 200 * time.Millisecond})
	w.ask = 50 * time.Millisecond
	f.put(f.key("a"), "10.0.0.1:80")
	seen := &sink{}
	// It believes to have seen everything, and has seen nothing.
	fo := testFollower(t, w, seen)
	resp, err := f.client.Get(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	fo.rev = resp.Header.Revision
	run(t, fo.follow)
	want(t, seen, sd.Instance{ID: "a", Addr: "10.0.0.1:80"})
	eventually(t, "the miss is counted", func() bool { return w.Stats().Missed == 1 })
	// What the stream does tell is no miss, however many comparisons see it first.
	for i := range 200 {
		f.put(f.key(fmt.Sprint("x", i%20)), fmt.Sprintf(`{"addr":"10.0.0.2:80","weight":%d}`, i))
	}
	before := w.Stats().Lists
	eventually(t, "compared again", func() bool { return w.Stats().Lists > before+1 })
	if got := w.Stats(); got.Missed != 1 || got.Rollbacks != 0 {
		t.Errorf("counted %+v, want one miss", got)
	}
}

// A missed removal is no less missed.
func TestMissedRemovalIsCounted(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(f.client, "svc", Config{Resync: 200 * time.Millisecond})
	w.ask = 50 * time.Millisecond
	seen := &sink{}
	fo := testFollower(t, w, seen)
	if err := fo.relist(t.Context()); err != nil {
		t.Fatal(err)
	}
	fo.set.put(kv("ghost", "10.0.0.1:80", 1))
	run(t, fo.follow)
	want(t, seen)
	eventually(t, "the miss is counted", func() bool { return w.Stats().Missed == 1 })
}

func TestEveryAnswerMustGoOn(t *testing.T) {
	fo := testFollower(t, NewWatcher(connect(t, "127.0.0.1:1"), "svc", Config{}), &sink{})
	fo.head, fo.base = head{cluster: 7, rev: 100}, 100
	answer := func(cluster uint64, rev int64, created bool) error {
		return fo.continues(&pb.WatchResponse{Header: &pb.ResponseHeader{ClusterId: cluster, Revision: rev}, Created: created})
	}
	for _, tt := range []struct {
		cluster uint64
		rev     int64
		created bool
		goesOn  bool
	}{
		{7, 90, true, true}, // by a member that is behind
		{7, 100, false, true},
		{7, 130, false, true},
		{7, 129, false, false},
		{8, 131, false, false},
		{8, 131, true, false},
	} {
		if err := answer(tt.cluster, tt.rev, tt.created); (err == nil) != tt.goesOn || err != nil && !errors.Is(err, errRelist) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// An etcd that comes back empty keeps its cluster ID and starts to count anew.
func TestRollbackIsCounted(t *testing.T) {
	t.Parallel()
	f := &fixture{T: t, etcd: servers.Etcd(t, servers.Options{})}
	f.dial(Connection{Endpoints: []string{f.etcd.Endpoint()}})
	w := NewWatcher(f.client, "svc", Config{})
	i := sd.NewInstancer(w, sd.InstancerConfig{MaxBackoff: time.Second})
	defer i.Stop()
	for n := range 20 {
		f.put(f.key("a"), fmt.Sprintf(`{"addr":"10.0.0.1:80","weight":%d}`, n+1))
	}
	known(t, i, "a")
	f.etcd.Wipe()
	f.etcd.Start()
	eventually(t, "it is counted", func() bool { return w.Stats().Rollbacks == 1 })
	if s, _ := i.Snapshot(); len(s.Instances) != 1 {
		t.Errorf("known: %v", idsOf(s.Instances))
	}
}

func TestResyncFindsHistoryGoneBackwards(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(f.client, "svc", Config{Resync: 200 * time.Millisecond})
	w.silence = time.Hour
	fo := testFollower(t, w, &sink{})
	fo.rev = 1 << 40
	if err := fo.follow(t.Context()); !errors.Is(err, errRelist) {
		t.Errorf("follow = %v, want errRelist", err)
	}
}

// known waits until i has just these instances.
func known(tb testing.TB, i *sd.Instancer, ids ...string) time.Duration {
	tb.Helper()
	return eventually(tb, fmt.Sprint("the Instancer knows ", ids), func() bool {
		s, _ := i.Snapshot()
		return s.Synced && slices.Equal(idsOf(s.Instances), ids)
	})
}
