package kitprom_test

import (
	"context"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

// layers are the three places of an observer, with metrics alone.
func layers(tb testing.TB, cfg kitprom.Config) map[string]endpoint.Endpoint {
	cfg.Registerer = prometheus.NewRegistry()
	metrics, err := kitprom.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	client := observe.Config{Service: "addsvc", Observers: []observe.Observer{metrics}}
	server := client
	server.Side = observe.Server
	return map[string]endpoint.Endpoint{
		"client":  observe.Calls(client)("Sum")(endpoint.Nop),
		"server":  observe.Calls(server)("Sum")(endpoint.Nop),
		"attempt": observe.Attempts(client)("a:1")(endpoint.Nop),
	}
}

func TestAllocations(t *testing.T) {
	untraced := func(context.Context) string { return "" }
	for name, call := range layers(t, kitprom.Config{Instances: 10, TraceID: untraced}) {
		want := 0.0
		if name == "client" {
			want = 1 // the context, by which attempts know the method
		}
		if n := testing.AllocsPerRun(1000, func() { _, _ = call(t.Context(), nil) }); n > want {
			t.Errorf("%s: %v allocations, want %v", name, n, want)
		}
	}
}

func BenchmarkSuccess(b *testing.B) {
	for name, call := range layers(b, kitprom.Config{}) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
		b.Run(name+",parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				for pb.Next() {
					_, _ = call(ctx, nil)
				}
			})
		})
	}
}
