package cache_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/cache"
)

func byRequest(_ context.Context, request any) (string, bool) {
	key, ok := request.(string)
	return key, ok
}

func TestHitsAllocateNothing(t *testing.T) {
	call := cache.New(cache.Config{Key: byRequest, Stats: new(cache.Stats)})(endpoint.Nop)
	ctx := t.Context()
	var request any = "a"
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, request) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHit(b *testing.B) {
	requests := make([]any, 512)
	for i := range requests {
		requests[i] = fmt.Sprint("a key of some length ", i)
	}
	for _, bm := range []struct {
		name string
		cfg  cache.Config
	}{
		{"kept", cache.Config{Key: byRequest}},
		{"kept,counted", cache.Config{Key: byRequest, Stats: new(cache.Stats)}},
	} {
		call := cache.New(bm.cfg)(endpoint.Nop)
		ctx := b.Context()
		for _, r := range requests {
			_, _ = call(ctx, r)
		}
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, _ = call(ctx, requests[i%len(requests)])
			}
		})
		b.Run(bm.name+",parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					_, _ = call(ctx, requests[i%len(requests)])
				}
			})
		})
		b.Run(bm.name+",parallel,one key", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = call(ctx, requests[0])
				}
			})
		})
	}
}

func BenchmarkMiss(b *testing.B) {
	requests := make([]any, 4096) // four times the room
	for i := range requests {
		requests[i] = fmt.Sprint("a key of some length ", i)
	}
	call := cache.New(cache.Config{Key: byRequest})(endpoint.Nop)
	ctx := b.Context()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = call(ctx, requests[i%len(requests)])
	}
}
