package shed_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/shed"
)

// overloaded returns an endpoint whose shedder turns away nearly all calls.
func overloaded(tb testing.TB) endpoint.Endpoint {
	tb.Helper()
	full := true
	call := shed.New(shed.Config{
		Interval: time.Millisecond,
		CPU:      func() (float64, bool) { return 1, full },
		Wait:     func() (time.Duration, bool) { return time.Hour, full },
	})(endpoint.Nop)
	for range 10 {
		for range 100 {
			_, _ = call(context.Background(), nil)
		}
		time.Sleep(time.Millisecond)
	}
	return call
}

func TestNothingAllocates(t *testing.T) {
	call := shed.New(shed.Config{})(endpoint.Nop)
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(context.Background(), nil) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkSuccess is the price of a call that is let through.
func BenchmarkSuccess(b *testing.B) {
	call := shed.New(shed.Config{})(endpoint.Nop)
	for name, ctx := range map[string]context.Context{
		"normal":   context.Background(),
		"critical": shed.WithPriority(context.Background(), shed.Critical),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
	}
}

// BenchmarkReject is the price of a call that is turned away. The share let in
// is nearly nothing; looking every millisecond is a part of it.
func BenchmarkReject(b *testing.B) {
	call := overloaded(b)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = call(context.Background(), nil)
	}
}
