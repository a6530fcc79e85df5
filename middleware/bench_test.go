package middleware_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/throttle"
)

// around is a whole client's stack around an endpoint that does nothing: every
// policy a call passes, but for the pick.
func around(tb testing.TB, cfg middleware.ClientConfig) endpoint.Endpoint {
	tb.Helper()
	stack, err := middleware.Client(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = stack.Close() })
	guard, _ := stack.Guard("127.0.0.1:8080")
	return stack.Method("Sum")(guard(endpoint.Nop))
}

// every is every policy that every call may have.
func every(observers ...observe.Observer) middleware.ClientConfig {
	return middleware.ClientConfig{
		Service:   "addsvc",
		Observers: observers,
		Throttle:  &throttle.Config{},
		Bulkhead:  &bulkhead.Config{},
		Limit:     &limit.Config{},
		Retry:     retry.Config{Idempotent: true},
	}
}

func metrics(tb testing.TB) observe.Observer {
	tb.Helper()
	o, err := kitprom.New(kitprom.Config{Registerer: prometheus.NewRegistry()})
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func configs(tb testing.TB) map[string]middleware.ClientConfig {
	hedged := every()
	hedged.Retry.Hedge = &retry.HedgeConfig{}
	return map[string]middleware.ClientConfig{
		"zero":    {},
		"every":   every(),
		"hedged":  hedged,
		"metrics": every(metrics(tb)),
	}
}

func TestStackAllocations(t *testing.T) {
	for name, want := range map[string]float64{"zero": 2, "every": 2, "metrics": 3} {
		call, ctx := around(t, configs(t)[name]), t.Context()
		if got := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); got > want {
			t.Errorf("%s: %v allocations, want %v", name, got, want)
		}
	}
}

// TestHedgedStackAllocations: once the usual time is known, each call has a timer.
func TestHedgedStackAllocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call, ctx := around(t, configs(t)["hedged"]), t.Context()
		for range 100 {
			_, _ = call(ctx, nil)
		}
		time.Sleep(time.Second)
		if got := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); got > 4 || got < 3 {
			t.Errorf("%v allocations, want 4: two contexts, a race and its timer", got)
		}
	})
}

func BenchmarkClient(b *testing.B) {
	for name, cfg := range configs(b) {
		b.Run(name, func(b *testing.B) {
			call, ctx := around(b, cfg), context.Background()
			b.ReportAllocs()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
	}
}

func BenchmarkClientParallel(b *testing.B) {
	call, ctx := around(b, every()), context.Background()
	b.SetParallelism(8)
	b.ReportAllocs()
	var calls atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		n := 0
		for pb.Next() {
			_, _ = call(ctx, nil)
			n++
		}
		calls.Add(int64(n))
	})
}

func BenchmarkServer(b *testing.B) {
	stack, err := middleware.Server(middleware.ServerConfig{Shed: &shed.Config{}, Limit: &limit.Config{}})
	if err != nil {
		b.Fatal(err)
	}
	call, ctx := stack.Method("Sum")(endpoint.Nop), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = call(ctx, nil)
	}
}
