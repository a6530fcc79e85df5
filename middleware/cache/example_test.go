package cache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/coalesce"
)

func ExampleNew() {
	item := func(_ context.Context, request any) (string, bool) {
		name, ok := request.(string)
		return name, ok
	}
	price := endpoint.Chain(
		cache.New(cache.Config{Key: item, TTL: time.Minute, MaxStale: time.Hour}),
		coalesce.New(coalesce.Config{Key: item}), // those who miss at the same time ask once
	)(func(_ context.Context, request any) (any, error) {
		fmt.Println("asking for the price of", request)
		return 42, nil
	})

	for range 3 {
		fmt.Println(price(context.Background(), "a book"))
	}
	// Output:
	// asking for the price of a book
	// 42 <nil>
	// 42 <nil>
	// 42 <nil>
}

func ExampleStats() {
	var stats cache.Stats
	square := cache.New(cache.Config{
		Key:   func(_ context.Context, request any) (string, bool) { return fmt.Sprint(request), true },
		Stats: &stats,
	})(func(_ context.Context, request any) (any, error) { return request.(int) * request.(int), nil })

	for _, n := range []int{2, 3, 2, 2} {
		_, _ = square(context.Background(), n)
	}
	fmt.Println(stats.Hits.Load(), "hits,", stats.Misses.Load(), "misses")
	// Output: 2 hits, 2 misses
}

func ExampleConfig_Validate() {
	fmt.Println(cache.Config{}.Validate())
	// Output: cache: Config.Key is nil: want a function that says which calls have the same answer
}
