package etcd

import (
	"context"
	"errors"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/sd"
)

// quorumless refuses what a member can only answer together with others.
func quorumless(cfg *clientv3.Config) {
	cfg.DialOptions = append(cfg.DialOptions, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if r, ok := req.(*pb.RangeRequest); ok && !r.Serializable {
				return status.Error(codes.FailedPrecondition, "no quorum")
			}
			return next(ctx, method, req, reply, cc, opts...)
		}))
}

func TestStaleListOnlyAdds(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(connect(t, f.etcd.Endpoint(), quorumless), "svc", Config{})
	f.put(f.key("a"), "10.0.0.1:80")
	w.last = newSet(w.registry, w.quarantined, w.refuse)
	w.last.put(kv("a", "10.0.0.7:80", 1))
	w.last.put(kv("gone", "10.0.0.8:80", 1))
	f.put(f.key("new"), "10.0.0.9:80")
	known := []sd.Instance{{ID: "a", Addr: "10.0.0.7:80"}, {ID: "gone", Addr: "10.0.0.8:80"}, {ID: "new", Addr: "10.0.0.9:80"}}

	seen := &sink{}
	if err := w.Watch(t.Context(), seen.update); err == nil || errors.Is(err, ErrStale) || len(seen.all()) != 0 {
		t.Errorf("first Watch = %v, told %v; want nothing told before a list has failed for %v", err, seen.all(), staleAfter)
	}
	w.failing = time.Now().Add(-staleAfter)
	if err := w.Watch(t.Context(), seen.update); !errors.Is(err, ErrStale) {
		t.Errorf("Watch = %v, want ErrStale", err)
	}
	want(t, seen, known...)
	if err := w.Watch(t.Context(), seen.update); !errors.Is(err, ErrStale) || len(seen.all()) != 1 {
		t.Errorf("next Watch = %v, told %d sets in all; want nothing told again", err, len(seen.all()))
	}
	if s := w.Stats(); s.Stale != 2 || s.Lists != 0 {
		t.Errorf("counted %+v", s)
	}
	w.client = f.client
	seen, _ = watch(t, w)
	want(t, seen, sd.Instance{ID: "a", Addr: "10.0.0.1:80"}, sd.Instance{ID: "new", Addr: "10.0.0.9:80"})
	if w.failingFor() != 0 {
		t.Error("a list that worked is forgotten")
	}
}

// That a member knows nobody is no news: it may have just been started.
func TestStaleListOfNobodyIsNotTold(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(connect(t, f.etcd.Endpoint(), quorumless), "svc", Config{})
	w.failing = time.Now().Add(-staleAfter)
	err := w.Watch(t.Context(), func(set []sd.Instance) { t.Errorf("told %v", set) })
	if !errors.Is(err, ErrStale) {
		t.Errorf("Watch = %v, want ErrStale", err)
	}
}
