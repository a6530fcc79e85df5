package limit_test

import (
	"context"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/limit"
)

func TestNothingAllocates(t *testing.T) {
	for name, mw := range both(limit.Config{Max: 1}) {
		call := mw(endpoint.Nop)
		if n := testing.AllocsPerRun(1000, func() { _, _ = call(context.Background(), nil) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		var rejected endpoint.Endpoint
		rejected = mw(func(ctx context.Context, request any) (any, error) {
			if n := testing.AllocsPerRun(1000, func() { _, _ = rejected(ctx, nil) }); n > 0 {
				t.Errorf("%s: %v allocations to reject", name, n)
			}
			return nil, nil
		})
		_, _ = rejected(context.Background(), nil)
	}
}

// BenchmarkSuccess is the price of a call that is let through.
func BenchmarkSuccess(b *testing.B) {
	ctx := context.Background()
	for name, mw := range both(limit.Config{}) {
		call := mw(endpoint.Nop)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
	}
}

// BenchmarkReject is the price of a call that is not.
func BenchmarkReject(b *testing.B) {
	for name, mw := range both(limit.Config{Max: 1}) {
		b.Run(name, func(b *testing.B) {
			var call endpoint.Endpoint
			call = mw(func(ctx context.Context, request any) (any, error) {
				b.ReportAllocs()
				for b.Loop() {
					_, _ = call(ctx, nil)
				}
				return nil, nil
			})
			_, _ = call(context.Background(), nil)
		})
	}
}
