package breaker_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/sony/gobreaker/v2"

	"github.com/kitgen/kitgen/middleware/breaker"
)

// bare is gobreaker around an endpoint in the shortest way, with the same
// rolling window as ours.
func bare(next endpoint.Endpoint) endpoint.Endpoint {
	cb := gobreaker.NewCircuitBreaker[any](gobreaker.Settings{Interval: 10 * time.Second, BucketPeriod: time.Second})
	return func(ctx context.Context, request any) (any, error) {
		return cb.Execute(func() (any, error) { return next(ctx, request) })
	}
}

func TestAllocations(t *testing.T) {
	ctx := t.Context()
	mw, ready := breaker.Each(breaker.Config{})("a:1")
	call := mw(endpoint.Nop)
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n != 0 {
		t.Errorf("a success costs %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { ready() }); n != 0 {
		t.Errorf("asking costs %v allocations", n)
	}
	fail := mw(func(context.Context, any) (any, error) { return nil, errDown })
	for range 1000 {
		_, _ = fail(ctx, nil)
	}
	if ready() {
		t.Fatal("not open")
	}
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n != 0 {
		t.Errorf("a rejection costs %v allocations", n)
	}
}

func BenchmarkSuccess(b *testing.B) {
	for _, bm := range []struct {
		name string
		call endpoint.Endpoint
	}{
		{"kitgen", breaker.New(breaker.Config{})(endpoint.Nop)},
		{"gobreaker.Execute", bare(endpoint.Nop)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = bm.call(ctx, nil)
			}
		})
		b.Run(bm.name+",parallel", func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = bm.call(ctx, nil)
				}
			})
		})
	}
}

func BenchmarkReady(b *testing.B) {
	mw, ready := breaker.Each(breaker.Config{})("a:1")
	b.Run("closed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ready()
		}
	})
	fail := mw(func(context.Context, any) (any, error) { return nil, errDown })
	for range 5 {
		_, _ = fail(context.Background(), nil)
	}
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ready()
		}
	})
}
