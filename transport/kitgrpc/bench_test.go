package kitgrpc_test

import (
	"context"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport"
)

// same answers what it is asked.
var same = echo(func(_ context.Context, text string) (string, error) { return text, nil })

// bare is same, served and called by grpc alone, with its own flow control or
// windows as large as ours.
func bare(t testing.TB, windows bool) endpoint.Endpoint {
	t.Helper()
	var serverOpts []grpc.ServerOption
	clientOpts := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if windows {
		serverOpts = []grpc.ServerOption{grpc.InitialWindowSize(1 << 20), grpc.InitialConnWindowSize(16 << 20)}
		clientOpts = append(clientOpts, grpc.WithInitialWindowSize(1<<20), grpc.WithInitialConnWindowSize(16<<20))
	}
	l := listen(t)
	s := grpc.NewServer(serverOpts...)
	same.register(s)
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-done })
	cc, err := grpc.NewClient("passthrough:///"+l.Addr().String(), clientOpts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return saying(cc)
}

// ways are same through bare grpc, the same with windows as ours, through Factory and a Server, and the latter
// as an attempt that says so.
func ways(t testing.TB, run func(name string, ctx context.Context, call endpoint.Endpoint)) {
	told := attempt.StartWith(t.Context(), attempt.Options{Left: 1})
	defer told.End()
	run("bare", t.Context(), bare(t, false))
	run("bare,windows", t.Context(), bare(t, true))
	call := dial(t, start(t, same))
	run("kitgrpc", t.Context(), call)
	run("kitgrpc,told", told, call)
}

// BenchmarkCall is one caller.
func BenchmarkCall(b *testing.B) {
	ways(b, func(name string, ctx context.Context, call endpoint.Endpoint) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(ctx, "hello"); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkCallers is 128 callers per processor.
func BenchmarkCallers(b *testing.B) {
	ways(b, func(name string, ctx context.Context, call endpoint.Endpoint) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(128)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if _, err := call(ctx, "hello"); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	})
}

// BenchmarkError is what a business error costs more than a response.
func BenchmarkError(b *testing.B) {
	call := dial(b, start(b, returning(&transport.Error{Status: 422, Code: "empty"})))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := call(b.Context(), "hello"); err == nil {
			b.Fatal("no error")
		}
	}
}

// TestAllocations bounds what is added to a call of bare grpc.
func TestAllocations(t *testing.T) {
	got := map[string]float64{}
	ways(t, func(name string, ctx context.Context, call endpoint.Endpoint) {
		got[name] = testing.AllocsPerRun(500, func() {
			if _, err := call(ctx, "hello"); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Log(got)
	// Of those, grpc itself adds three where there is an interceptor.
	if bare := got["bare,windows"]; got["kitgrpc"] > bare+5 || got["kitgrpc,told"] > bare+8 {
		t.Errorf("allocations per call: %v; want at most 5 more than bare with such windows, and 8 where attempts are told", got)
	}
}
