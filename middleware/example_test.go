package middleware_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
)

func ExampleClient() {
	stack, err := middleware.Client(middleware.ClientConfig{
		Service:  "addsvc",
		Throttle: &throttle.Config{},
		Bulkhead: &bulkhead.Config{MaxInFlight: 50},
		Limit:    &limit.Config{},
		Methods: map[string]middleware.MethodConfig{
			"Sum": {
				Timeout: timeout.Config{Timeout: 3 * time.Second},
				Retry:   retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}},
			},
			"Rates": {
				Retry:    retry.Config{Idempotent: true},
				Cache:    &cache.Config{Key: func(context.Context, any) (string, bool) { return "all", true }, MaxStale: time.Hour},
				Fallback: &fallback.Config{Fallback: func(context.Context, any, error) (any, error) { return nil, nil }},
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stack.Close()

	// pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: stack.Guard})
	// pick := lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))
	pick := endpoint.Nop
	sum := stack.Method("Sum")(pick)
	_, err = sum(context.Background(), nil)
	fmt.Println(err)
	fmt.Print(stack)
	// Output:
	// <nil>
	// calls to addsvc, outermost first
	//   timeout    10s
	//   throttle   from 2 calls for each that is accepted, in 2m
	//   bulkhead   50 calls at a time, 50 more wait up to 100ms
	//   retry      3 attempts of 2s each, of calls that were not sent
	//   pick       lb.Endpoint
	//   of each instance:
	//     limit      1 to 1000 calls at a time
	//     breaker    5 failures in a row, or 50 % of 10 or more in 10s; open for 5s to 1m
	//     transport
	// Rates
	//   timeout    10s
	//   fallback   when the call failed
	//   cache      for 10s, and 1h more for a call that failed
	//   retry      3 attempts of 2s each, of calls that failed, but not with 500
	// Sum
	//   timeout    3s
	//   retry      3 attempts of 2s each, of calls that failed, but not with 500; the second after p98, at least 10ms, of up to 3 %
}

func ExampleClient_contradiction() {
	_, err := middleware.Client(middleware.ClientConfig{Timeout: timeout.Config{Timeout: time.Second}})
	fmt.Println(err)
	// Output: middleware: ClientConfig.Retry.AttemptTimeout is 2s and the whole call's Timeout.Timeout 1s: an attempt cannot outlast its call; lower the one or raise the other
}

func ExampleServer() {
	stack, err := middleware.Server(middleware.ServerConfig{
		Service:   "addsvc",
		Shed:      &shed.Config{},
		RateLimit: &ratelimit.Config{Rate: 1000},
		Limit:     &limit.Config{},
		Methods: map[string]middleware.ServerMethodConfig{
			"Concat": {RateLimit: &ratelimit.Config{Rate: 10}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sum := stack.Method("Sum")(endpoint.Nop)
	_, err = sum(context.Background(), nil)
	fmt.Println(err)
	fmt.Print(stack)
	// Output:
	// <nil>
	// calls of addsvc, outermost first
	//   recovery
	//   timeout    10s
	//   shed       the least important first
	//   ratelimit  1000 a second
	//   limit      4 to 1000 calls at a time
	//   service
	// Concat
	//   timeout    10s
	//   ratelimit  and 10 a second
}
