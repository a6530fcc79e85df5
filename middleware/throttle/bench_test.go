package throttle

import (
	"context"
	"runtime"
	"testing"

	"github.com/go-kit/kit/endpoint"
)

func TestAllocations(t *testing.T) {
	ctx := t.Context()
	call := New(Config{})(endpoint.Nop)
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n != 0 {
		t.Errorf("a call costs %v allocations", n)
	}
	th := always(Config{})
	th.run(1000, errBusy)
	rejected := th.Wrap(endpoint.Nop)
	if n := testing.AllocsPerRun(100, func() { _, _ = rejected(ctx, nil) }); n != 0 {
		t.Errorf("a rejection costs %v allocations", n)
	}
}

func TestHoldsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 100 {
		NewThrottle(Config{}).run(20, errBusy)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func BenchmarkCall(b *testing.B) {
	throttling := func() *Throttle { // at a chance of a half or so
		th := NewThrottle(Config{})
		th.run(10000, nil)
		th.coin = func() float64 { return 1 }
		th.run(40000, errBusy)
		return th
	}
	passing, rejecting := throttling(), throttling()
	rejecting.coin = func() float64 { return 0 }
	for _, bm := range []struct {
		name string
		th   *Throttle
	}{
		{"healthy", NewThrottle(Config{})},
		{"passing", passing},
		{"rejecting", rejecting},
	} {
		call := bm.th.Wrap(func(context.Context, any) (any, error) { return nil, nil })
		if bm.th == passing {
			call = bm.th.Wrap(func(context.Context, any) (any, error) { return nil, errBusy })
		}
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
	}
	call := New(Config{})(endpoint.Nop)
	b.Run("healthy,parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			ctx := context.Background()
			for pb.Next() {
				_, _ = call(ctx, nil)
			}
		})
	})
}
