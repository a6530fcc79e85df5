package breaker_test

import (
	"context"
	"fmt"
	"sync"
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
	for name, cfg := range map[string]breaker.Config{"zero": {}, "slow calls": {SlowCall: time.Hour}} {
		g := breaker.NewGroup(cfg)
		mw, ready := g.Each("a:1")
		call := mw(endpoint.Nop)
		free := func(what string, f func()) {
			t.Helper()
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s: %s costs %v allocations", name, what, n)
			}
		}
		free("a success", func() { _, _ = call(ctx, nil) })
		free("asking", func() { ready() })
		free("the name of the state", func() { g.State("a:1") })
		fail := mw(func(context.Context, any) (any, error) { return nil, errDown })
		for range 1000 {
			_, _ = fail(ctx, nil)
		}
		if ready() {
			t.Fatal("not open")
		}
		free("a rejection", func() { _, _ = call(ctx, nil) })
	}
}

// BenchmarkSuccess compares with gobreaker's own Execute, alone and with 2 and
// 16 callers at a time.
func BenchmarkSuccess(b *testing.B) {
	for _, bm := range []struct {
		name string
		call endpoint.Endpoint
	}{
		{"kitgen", breaker.New(breaker.Config{})(endpoint.Nop)},
		{"kitgen,SlowCall", breaker.New(breaker.Config{SlowCall: time.Second})(endpoint.Nop)},
		{"gobreaker.Execute", bare(endpoint.Nop)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = bm.call(ctx, nil)
			}
		})
		for _, callers := range []int{2, 16} {
			b.Run(fmt.Sprintf("%s,callers=%d", bm.name, callers), func(b *testing.B) {
				b.ReportAllocs()
				contend(b, callers, bm.call)
			})
		}
	}
}

// contend makes b.N calls in callers goroutines.
func contend(b *testing.B, callers int, call endpoint.Endpoint) {
	ctx := context.Background()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for range (b.N + i) / callers {
				_, _ = call(ctx, nil)
			}
		})
	}
	wg.Wait()
}

// BenchmarkFailure is what a call costs that fails now and then: the row has to
// be ended.
func BenchmarkFailure(b *testing.B) {
	fail := func(context.Context, any) (any, error) { return nil, errDown }
	mw := breaker.New(breaker.Config{})
	bad, good := mw(fail), mw(endpoint.Nop)
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		_, _ = bad(ctx, nil)
		for range 9 {
			_, _ = good(ctx, nil)
		}
	}
}

func BenchmarkReady(b *testing.B) {
	g := breaker.NewGroup(breaker.Config{})
	mw, ready := g.Each("a:1")
	b.Run("closed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ready()
		}
	})
	b.Run("State", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g.State("a:1")
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
