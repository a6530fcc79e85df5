package retry_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/middleware/retry"
)

func TestSuccessAllocatesOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, timeout := range map[string]time.Duration{"default timeout": 0, "no timeout": -1} {
		call := retry.New(retry.Config{AttemptTimeout: timeout})(endpoint.Nop)
		if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n > 1 {
			t.Errorf("%s: %v allocations, want 1", name, n)
		}
	}
}

// BenchmarkSuccess is the price of a call that succeeds at once (go-kit's R11).
func BenchmarkSuccess(b *testing.B) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for _, bm := range []struct {
		name string
		call endpoint.Endpoint
	}{
		{"bare", endpoint.Nop},
		{"kitgen", retry.New(retry.Config{})(endpoint.Nop)},
		{"kitgen,no timeout", retry.New(retry.Config{AttemptTimeout: -1})(endpoint.Nop)},
		{"kitgen,transport asks for Done", retry.New(retry.Config{})(func(ctx context.Context, _ any) (any, error) {
			ctx.Done()
			return nil, nil
		})},
		{"go-kit", kitlb.Retry(3, 2*time.Second, kitlb.NewRoundRobin(sd.FixedEndpointer{endpoint.Nop}))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = bm.call(ctx, nil)
			}
		})
	}
}

// BenchmarkOneRetry is the price of a call that is picked again at once.
func BenchmarkOneRetry(b *testing.B) {
	ctx := context.Background()
	n := 0
	flaky := func(context.Context, any) (any, error) {
		if n++; n%2 == 1 {
			return nil, notSent{}
		}
		return nil, nil
	}
	for _, bm := range []struct {
		name string
		call endpoint.Endpoint
	}{
		{"kitgen", retry.New(retry.Config{})(flaky)},
		{"go-kit", kitlb.Retry(3, 2*time.Second, kitlb.NewRoundRobin(sd.FixedEndpointer{flaky}))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = bm.call(ctx, nil)
			}
		})
	}
}
