package lb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
)

// dial stands for a factory of kithttp or kitgrpc.
func dial(addr string) (endpoint.Endpoint, io.Closer, error) {
	return func(_ context.Context, request any) (any, error) { return fmt.Sprint("hello ", request), nil }, nil, nil
}

// The whole of a client: who is there, one connection and breaker for each,
// whom to ask, and what to do when that fails.
func Example() {
	instances := kitsd.FixedInstancer{"10.0.0.1:80", "10.0.0.2:80"} // or etcd.NewInstancer(...)
	pool := lb.NewPool(instances, dial, lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
	defer pool.Close()
	pool.WaitReady(context.Background()) // or let the first calls fail
	greet := retry.New(retry.Config{})(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))

	response, err := greet(context.Background(), "gopher")
	fmt.Println(response, err)
	// Output: hello gopher <nil>
}

// A program that wants to fail early when nobody is there waits for the first
// instance.
func ExamplePool_WaitReady() {
	pool := lb.NewPool(kitsd.FixedInstancer{}, dial, lb.PoolConfig{})
	defer pool.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()

	err := pool.WaitReady(ctx)
	fmt.Println(errors.Is(err, lb.ErrNoEndpoints))
	// Output: true
}

// A Pool in the place of go-kit's Endpointer.
func ExampleNewPool() {
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80"}, dial, lb.PoolConfig{})
	defer pool.Close()
	pool.WaitReady(context.Background())

	greet := kitlb.Retry(3, time.Second, kitlb.NewRoundRobin(pool))
	response, err := greet(context.Background(), "gopher")
	fmt.Println(response, err)
	// Output: hello gopher <nil>
}

func ExampleNewRoundRobin() {
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80", "10.0.0.2:80"}, dial, lb.PoolConfig{})
	defer pool.Close()
	pool.WaitReady(context.Background())

	greet := lb.Endpoint(lb.NewRoundRobin(pool))
	response, err := greet(context.Background(), "gopher")
	fmt.Println(response, err)
	// Output: hello gopher <nil>
}

// Random over a pool whose instances people can look at.
func ExampleNewRandom() {
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80"}, dial, lb.PoolConfig{})
	defer pool.Close()
	pool.WaitReady(context.Background())

	greet := lb.Endpoint(lb.NewRandom(pool))
	for range 3 {
		greet(context.Background(), "gopher")
	}
	for _, n := range pool.Nodes() {
		fmt.Println(n.ID, "calls:", n.Calls, "failures:", n.Failures, "in flight:", n.InFlight)
	}
	// Output: 10.0.0.1:80 calls: 3 failures: 0 in flight: 0
}

func ExampleNewAdaptive() {
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80", "10.0.0.2:80"}, dial, lb.PoolConfig{})
	defer pool.Close()
	pool.WaitReady(context.Background())

	balancer := lb.NewAdaptive(pool, lb.AdaptiveConfig{}) // go-kit's lb.Balancer
	greet, err := balancer.Endpoint()
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := greet(context.Background(), "gopher")
	fmt.Println(response, err)
	// Output: hello gopher <nil>
}
