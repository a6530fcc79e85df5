package addsvc_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/examples/by-hand"
	"github.com/kitgen/kitgen/internal/servers"
)

// dialEtcd starts a real etcd and returns a client of it.
func dialEtcd(t *testing.T) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{servers.Etcd(t, servers.Options{}).Endpoint()},
		DialOptions: []grpc.DialOption{grpc.WithNoProxy()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// listen opens a loopback port.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve runs n replicas until the test ends, which waits for them to leave.
// It returns their addresses.
func serve(t *testing.T, client *clientv3.Client, n int) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	var addrs []string
	for range n {
		l := listen(t)
		addrs = append(addrs, l.Addr().String())
		go func() { errs <- addsvc.Serve(ctx, l, client, log.NewNopLogger()) }()
	}
	t.Cleanup(func() {
		cancel()
		for range n {
			if err := <-errs; err != nil {
				t.Errorf("a replica did not stop cleanly: %v", err)
			}
		}
	})
	return addrs
}

// callAll makes many calls and wants the right answer from each.
func callAll(t *testing.T, call endpoint.Endpoint) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for i := range 100 {
		got, err := call(ctx, addsvc.SumRequest{A: i, B: 1})
		if err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		if want := (addsvc.SumResponse{Sum: i + 1}); got != want {
			t.Fatalf("call %d: got %+v, want %+v", i, got, want)
		}
		got, err = call(ctx, addsvc.ConcatRequest{A: "a", B: "b"})
		if err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		if want := (addsvc.ConcatResponse{Joined: "ab"}); got != want {
			t.Fatalf("call %d: got %+v, want %+v", i, got, want)
		}
	}
}
