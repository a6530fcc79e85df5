package coalesce_test

import (
	"context"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/coalesce"
)

func byRequest(_ context.Context, request any) (string, bool) {
	key, ok := request.(string)
	return key, ok
}

func BenchmarkCall(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	call := coalesce.New(coalesce.Config{Key: byRequest})(endpoint.Nop)
	b.Run("alone", func(b *testing.B) {
		var request any = "key"
		b.ReportAllocs()
		for b.Loop() {
			_, _ = call(ctx, request)
		}
	})
	b.Run("no key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = call(ctx, nil)
		}
	})
}
