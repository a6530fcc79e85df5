package bulkhead

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
)

func TestAllocations(t *testing.T) {
	ctx := t.Context()
	call := New(Config{})(endpoint.Nop)
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n != 0 {
		t.Errorf("a call costs %v allocations", n)
	}
	full := New(Config{MaxInFlight: 1, MaxQueue: -1})
	inside := func(context.Context, any) (any, error) {
		rejected := full(endpoint.Nop)
		if n := testing.AllocsPerRun(1000, func() { _, _ = rejected(ctx, nil) }); n != 0 {
			t.Errorf("a rejection costs %v allocations", n)
		}
		return rejected(ctx, nil)
	}
	if _, err := full(inside)(ctx, nil); !errors.Is(err, ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
}

func TestHoldsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		r := newRig(t, Config{MaxInFlight: 1})
		first, second := r.begin(t.Context()), r.begin(t.Context())
		if n := runtime.NumGoroutine() - before; n != 2 {
			t.Errorf("%d goroutines for two callers", n)
		}
		first.finish()
		second.finish()
	})
}

func BenchmarkCall(b *testing.B) {
	call := New(Config{})(endpoint.Nop)
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		for b.Loop() {
			_, _ = call(ctx, nil)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = call(ctx, nil)
			}
		})
	})
	b.Run("rejected", func(b *testing.B) {
		b.ReportAllocs()
		full := New(Config{MaxInFlight: 1, MaxQueue: -1})
		_, _ = full(func(ctx context.Context, _ any) (any, error) {
			rejected := full(endpoint.Nop)
			for b.Loop() {
				_, _ = rejected(ctx, nil)
			}
			return nil, nil
		})(context.Background(), nil)
	})
	b.Run("queued", func(b *testing.B) { // eight callers for one place: a hand-over each
		b.ReportAllocs()
		b.SetParallelism(4)
		narrow := New(Config{MaxInFlight: 1, MaxWait: -1, MaxQueue: 100})(endpoint.Nop)
		b.RunParallel(func(pb *testing.PB) {
			ctx := context.Background()
			for pb.Next() {
				_, _ = narrow(ctx, nil)
			}
		})
	})
}
