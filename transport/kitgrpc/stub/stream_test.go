package stub_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

func as[T error](err error, to *T) bool { return errors.As(err, to) }

// exchange sends a message and waits for one.
func exchange(s grpc.ClientStream) error {
	if err := s.SendMsg(wrapperspb.String("hello")); err != nil {
		return err
	}
	return s.RecvMsg(new(wrapperspb.StringValue))
}

func open(t *testing.T, cc *grpc.ClientConn) grpc.ClientStream {
	t.Helper()
	s, err := cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, listens, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStreamsAreInFlight until they end, and their length is no latency.
func TestStreamsAreInFlight(t *testing.T) {
	t.Parallel()
	pools := make(chan *lb.Pool, 1)
	b := serve(t, "127.0.0.1:0")
	cc := dial(t, "static:///"+b.addr, stub.Config{OnPool: func(p *lb.Pool) { pools <- p }})
	pool := shown(t, cc, b, pools)
	before := pool.Nodes()[0]
	s := open(t, cc)
	if err := exchange(s); err != nil {
		t.Fatal(err)
	}
	if n := pool.Nodes()[0].InFlight; n != 1 {
		t.Errorf("%d in flight with a stream", n)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if err := s.RecvMsg(new(wrapperspb.StringValue)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	after := pool.Nodes()[0]
	if after.InFlight != 0 || after.Calls != before.Calls+1 || after.Latency != before.Latency {
		t.Errorf("before it was %+v, after the stream it is %+v", before, after)
	}
}

// shown returns the pool of a connection once it has had a call by it.
func shown(t *testing.T, cc *grpc.ClientConn, b *backend, pools <-chan *lb.Pool) *lb.Pool {
	t.Helper()
	reach(t, cc, b)
	pool := <-pools
	if err := pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	reach(t, cc, b)
	return pool
}

// TestStreamsOutliveTheirAttempt: the timeout of the attempt that opened a stream is
// none that the server should know, which would end it then.
func TestStreamsOutliveTheirAttempt(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	told := make(chan bool, 1)
	b.answers(func(ctx context.Context, _ string) (string, error) {
		_, limited := ctx.Deadline()
		told <- limited
		return "", nil
	})
	cc := dial(t, "static:///"+b.addr, stub.Config{})
	call := retry.New(retry.Config{Streams: true, AttemptTimeout: time.Minute})(func(ctx context.Context, _ any) (any, error) {
		s, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, listens, grpc.WaitForReady(true))
		if err != nil {
			return nil, err
		}
		return nil, exchange(s)
	})
	if _, err := call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if <-told {
		t.Error("the server was told when the attempt ends")
	}
}

// TestLeavingIsHeard in the trailer of a call and in the header of a stream: the
// instance is spared at once.
func TestLeavingIsHeard(t *testing.T) {
	t.Parallel()
	for name, tell := range map[string]func(t *testing.T, b *backend, cc *grpc.ClientConn){
		"trailer": func(t *testing.T, b *backend, cc *grpc.ClientConn) {
			b.answers(func(ctx context.Context, _ string) (string, error) {
				return b.addr, grpc.SetTrailer(ctx, metadata.Pairs("kit-draining", "true"))
			})
			reach(t, cc, b)
		},
		"header": func(t *testing.T, b *backend, cc *grpc.ClientConn) {
			b.answers(func(ctx context.Context, _ string) (string, error) {
				return b.addr, grpc.SetHeader(ctx, metadata.Pairs("kit-draining", "true"))
			})
			for b.calls.Store(0); b.calls.Load() == 0; {
				if err := exchange(open(t, cc)); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := serveAll(t, 2)
			pools := make(chan *lb.Pool, 1)
			cc := dial(t, "static:///"+addrs(all...), stub.Config{Balancer: "random", OnPool: func(p *lb.Pool) { pools <- p }})
			pool := shown(t, cc, all[0], pools)
			reach(t, cc, all...)
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			for !leaves(pool, all[0]) && ctx.Err() == nil { // what was called before the pool knew it does not count
				tell(t, all[0], cc)
			}
			before := all[0].calls.Load()
			for range 50 {
				if _, err := ask(t.Context(), cc); err != nil {
					t.Fatal(err)
				}
			}
			if n := all[0].calls.Load() - before; n != 0 {
				t.Errorf("it got %d calls after it said that it leaves", n)
			}
		})
	}
}

func leaves(pool *lb.Pool, b *backend) bool {
	for _, n := range pool.Nodes() {
		if n.ID == b.addr {
			return n.Leaving
		}
	}
	return false
}
