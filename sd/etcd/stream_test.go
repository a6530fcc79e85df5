package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
)

func TestFailureInAResponse(t *testing.T) {
	header := &pb.ResponseHeader{Revision: 7}
	for _, tt := range []struct {
		resp *pb.WatchResponse
		is   error
	}{
		{&pb.WatchResponse{Header: header, Canceled: true, CompactRevision: 5}, rpctypes.ErrCompacted},
		{&pb.WatchResponse{Header: header, Canceled: true, CancelReason: rpctypes.ErrPermissionDenied.Error()}, rpctypes.ErrPermissionDenied},
		{&pb.WatchResponse{Header: header, Canceled: true}, nil},
		{&pb.WatchResponse{}, nil},
	} {
		err := failure(tt.resp)
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("failure(%v) = %v, want %v", tt.resp, err, tt.is)
		}
	}
	if err := failure(&pb.WatchResponse{Header: header, Created: true}); err != nil {
		t.Errorf("failure of a good response = %v", err)
	}
}

func TestFragmentsAreJoined(t *testing.T) {
	ev := func(n int64) []*mvccpb.Event { return []*mvccpb.Event{{Kv: &mvccpb.KeyValue{ModRevision: n}}} }
	var whole *pb.WatchResponse
	for n := range int64(3) {
		whole = join(whole, &pb.WatchResponse{Header: &pb.ResponseHeader{Revision: n}, Events: ev(n), Fragment: n < 2})
	}
	if len(whole.Events) != 3 || whole.Header.Revision != 2 || whole.Events[2].Kv.ModRevision != 2 {
		t.Errorf("joined: %v", whole)
	}
}

// etcd cuts what is larger than a megabyte and a half.
func TestLargeHistoryArrivesWhole(t *testing.T) {
	f := newFixture(t)
	const n = 600
	value := `{"addr":"10.0.0.1:80","zone":"` + strings.Repeat("z", 4000) + `"}`
	for i := 0; i < n; i += 100 {
		var ops []clientv3.Op
		for j := range 100 {
			ops = append(ops, clientv3.OpPut(f.key(fmt.Sprintf("x%03d", i+j)), value))
		}
		if _, err := f.client.Txn(t.Context()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	fo := testFollower(t, NewWatcher(f.client, "svc", Config{}), &sink{})
	fo.rev = 1
	s := fo.watch(t.Context(), fo.create(), 0)
	defer s.close()
	for len(fo.set.entries) < n {
		resp, ok := <-s.responses
		if !ok {
			t.Fatal(s.err)
		}
		fo.apply(resp)
	}
}

func TestEndOfHungWatchDoesNotWait(t *testing.T) {
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	c := connect(t, p.Addr())
	seen, r := watch(t, NewWatcher(c, "svc", Config{}))
	want(t, seen)
	_, listing := watch(t, NewWatcher(connect(t, p.Addr()), "svc", Config{})) // may hang in its list
	p.Stall(servers.Both)
	start := time.Now()
	for _, r := range []*running{r, listing} {
		if err := r.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Watch = %v, want the end of its ctx", err)
		}
	}
	t.Logf("hung watches ended after %v", time.Since(start))
	p.Heal()
}
