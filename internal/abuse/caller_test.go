package abuse

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/wrapperspb"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kittls"
)

// hung is how long something may take that takes a moment: a machine can be busy.
const hung = time.Minute

// overHTTP and overGRPC make clients of the service, which wait for a handshake
// as long as that may take.
func overHTTP(certs *kittls.Certs) kitsd.Factory {
	return kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[item](c, http.MethodPost, base, "/echo")
	}, kithttp.ClientConfig{TLS: certs.TLS(), DialTimeout: hung})
}

func overGRPC(certs *kittls.Certs) kitsd.Factory {
	return kitgrpc.Factory(func(cc *grpc.ClientConn) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			out := new(wrapperspb.StringValue)
			if err := cc.Invoke(ctx, say, wrapperspb.String(request.(item).Text), out); err != nil {
				return nil, err
			}
			return item{out.Value}, nil
		}
	}, grpc.WithTransportCredentials(credentials.NewTLS(certs.TLS())), grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: hung}))
}

// calling has a client that behaves call s by both wires until the test's own
// part is over; then it has to have seen no error, and s to be well.
func calling(t *testing.T, s *service) {
	t.Helper()
	certs := s.trust.client(t, s.trust.issue(t, "caller", time.Hour))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var callers sync.WaitGroup
	var calls atomic.Int64
	for _, wire := range []struct {
		name, addr string
		factory    kitsd.Factory
	}{{"HTTP", s.http, overHTTP(certs)}, {"gRPC", s.grpc, overGRPC(certs)}} {
		call, closer, err := wire.factory(wire.addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := one(call); err != nil {
			t.Fatalf("%s, before anything: %v", wire.name, err)
		}
		callers.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				<-tick.C
				if err := one(call); err != nil {
					t.Errorf("a client that behaves, over %s: %v", wire.name, err)
				}
				calls.Add(1)
			}
			for range 3 { // it still serves, also when the attack is over
				if err := one(call); err != nil {
					t.Errorf("after the attack, over %s: %v", wire.name, err)
				}
			}
			closer.Close()
		})
	}
	t.Cleanup(func() {
		stop()
		callers.Wait()
		t.Logf("meanwhile %d calls of a client that behaves", calls.Load())
	})
}

// one makes one call.
func one(call endpoint.Endpoint) error {
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	want := item{"tea"}
	got, err := call(ctx, want)
	if err == nil && got != want {
		err = fmt.Errorf("got %v", got)
	}
	return err
}

// try makes one call by a client of its own.
func try(t *testing.T, factory kitsd.Factory, addr string) error {
	t.Helper()
	call, closer, err := factory(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	return one(call)
}

// unsent wants a call to have failed so that it may be made again elsewhere.
func unsent(t *testing.T, what string, err error) {
	t.Helper()
	for ; err != nil; err = unwrap(err) {
		if e, ok := err.(interface{ NotSent() bool }); ok && e.NotSent() {
			return
		}
	}
	t.Errorf("%s: the error does not say that nothing was sent", what)
}

func unwrap(err error) error {
	if e, ok := err.(interface{ Unwrap() error }); ok {
		return e.Unwrap()
	}
	return nil
}

// says wants err to have a text.
func says(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v\nwant %q", what, err, want)
		return
	}
	t.Logf("%s: %v", what, err)
}
