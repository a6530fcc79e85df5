package observe_test

import (
	"context"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/observe"
)

func TestAllocations(t *testing.T) {
	ctx := t.Context()
	cfg := observe.Config{Service: "add", Observers: []observe.Observer{funcs{}}}
	mixed := cfg
	odd := false
	mixed.Method = func(context.Context, any) string {
		if odd = !odd; odd {
			return "sum"
		}
		return "concat"
	}
	for name, call := range map[string]endpoint.Endpoint{
		"call":             observe.Calls(cfg)("sum")(endpoint.Nop),
		"attempts in turn": observe.Attempts(mixed)("a:1")(endpoint.Nop),
	} {
		if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n > 1 {
			t.Errorf("%s: %v allocations, want the context's value or the Call alone", name, n)
		}
	}
	one := observe.Attempts(cfg)("a:1")(endpoint.Nop)
	if n := testing.AllocsPerRun(1000, func() { _, _ = one(ctx, nil) }); n != 0 {
		t.Errorf("an attempt like the one before: %v allocations", n)
	}
	cfg.Side = observe.Server
	call := observe.Calls(cfg)("sum")(endpoint.Nop)
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n != 0 {
		t.Errorf("server: %v allocations", n)
	}
}

func BenchmarkSuccess(b *testing.B) {
	cfg := observe.Config{Service: "add", Observers: []observe.Observer{funcs{}}}
	server := cfg
	server.Side = observe.Server
	for _, bm := range []struct {
		name string
		call endpoint.Endpoint
	}{
		{"bare", endpoint.Nop},
		{"client", observe.Calls(cfg)("sum")(endpoint.Nop)},
		{"server", observe.Calls(server)("sum")(endpoint.Nop)},
		{"attempt", observe.Attempts(cfg)("a:1")(endpoint.Nop)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = bm.call(ctx, nil)
			}
		})
	}
}
