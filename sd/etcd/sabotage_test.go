package etcd

import (
	"context"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// Each guard is taken away here, from outside, by the dial options of a client.
// That shows that it is this guard that helps, and how a matrix of faults can
// do the same.

// forged makes a watch seem to answer whatever happens, which blinds the
// watchdog.
func forged(cfg *clientv3.Config) {
	cfg.DialOptions = append(cfg.DialOptions, grpc.WithChainStreamInterceptor(
		func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			s, err := next(ctx, desc, cc, method, opts...)
			if err != nil || method != "/etcdserverpb.Watch/Watch" {
				return s, err
			}
			f := &forgery{ClientStream: s, got: make(chan any)}
			go f.receive()
			return f, nil
		}))
}

// forgery tells of progress while the real stream is silent.
type forgery struct {
	grpc.ClientStream

	got  chan any // *pb.WatchResponse or an error
	last *pb.ResponseHeader
}

func (f *forgery) receive() {
	for {
		resp := new(pb.WatchResponse)
		err := f.ClientStream.RecvMsg(resp)
		var out any = resp
		if err != nil {
			out = err
		}
		select {
		case f.got <- out:
		case <-f.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (f *forgery) RecvMsg(m any) error {
	resp := m.(*pb.WatchResponse)
	for {
		select {
		case got := <-f.got:
			if err, ok := got.(error); ok {
				return err
			}
			said := got.(*pb.WatchResponse)
			resp.Header, resp.Created, resp.Events, resp.Canceled, resp.CompactRevision = said.Header, said.Created, said.Events, said.Canceled, said.CompactRevision
			f.last = said.Header
			return nil
		case <-time.After(100 * time.Millisecond):
			if f.last == nil {
				continue
			}
			resp.Header = f.last
			return nil
		case <-f.Context().Done():
			return f.Context().Err()
		}
	}
}

func TestWithoutWatchdogAHungWatchIsBelieved(t *testing.T) {
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	w, blind := NewWatcher(connect(t, p.Addr()), "svc", Config{}), NewWatcher(connect(t, p.Addr(), forged), "svc", Config{})
	for _, w := range []*Watcher{w, blind} {
		w.ask, w.silence = 100*time.Millisecond, time.Second
	}
	one, sighted := watch(t, w)
	want(t, one)
	two, deceived := watch(t, blind)
	want(t, two)
	f.put(f.key("a"), "10.0.0.1:80") // not in their lists, so their streams are open
	for _, seen := range []*sink{one, two} {
		want(t, seen, sd.Instance{ID: "a", Addr: "10.0.0.1:80"})
	}
	p.Stall(servers.Both)
	eventually(t, "the watchdog bites", sighted.ended)
	if deceived.ended() {
		t.Errorf("Watch without it = %v", deceived.err)
	}
	p.Heal()
}

func TestWithoutRevokeTheDeadStayListed(t *testing.T) {
	f := newFixture(t)
	deaf := connect(t, f.etcd.Endpoint(), func(cfg *clientv3.Config) {
		cfg.DialOptions = append(cfg.DialOptions, grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				if strings.HasSuffix(method, "/LeaseRevoke") {
					return nil // done, it says
				}
				return next(ctx, method, req, reply, cc, opts...)
			}))
	})
	_, r := hold(t, NewHolder(deaf, "svc", Config{TTL: minTTL}), instance("a"))
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if f.lease("a") == clientv3.NoLease {
		t.Error("it is gone at once without a revoked lease")
	}
	eventually(t, "its lease ends", func() bool { return f.lease("a") == clientv3.NoLease })
}

func TestWithoutResyncAMissIsForEver(t *testing.T) {
	f := newFixture(t)
	w := NewWatcher(f.client, "svc", Config{Resync: 1000 * time.Hour})
	w.ask = 20 * time.Millisecond
	f.put(f.key("a"), "10.0.0.1:80")
	seen := &sink{}
	fo := testFollower(t, w, seen)
	resp, err := f.client.Get(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	fo.rev = resp.Header.Revision // as in TestResyncFindsWhatTheWatchMissed
	run(t, fo.follow)
	f.put(f.key("b"), "10.0.0.2:80")
	eventually(t, "the watch goes on", func() bool { return len(seen.ids()) > 0 })
	if ids := seen.ids(); len(ids) != 1 || ids[0] != "b" {
		t.Errorf("known: %v, want b alone", ids)
	}
}
