package lb_test

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
)

// ask stands for a factory of endpoints that answer with who they are.
func ask(addr string) (endpoint.Endpoint, io.Closer, error) {
	return func(context.Context, any) (any, error) { return addr, nil }, nil, nil
}

// connected returns a pool over instances, once it has connected them all.
func connected(instances kitsd.Instancer, n int) *lb.Pool {
	pool := lb.NewPool(instances, ask, lb.PoolConfig{})
	for all, _ := pool.Endpoints(); len(all) < n; all, _ = pool.Endpoints() {
		runtime.Gosched()
	}
	return pool
}

// show prints where a call goes for each key.
func show(balancer kitlb.Balancer, keys ...string) {
	call := lb.Endpoint(balancer)
	for _, key := range keys {
		who, err := call(lb.WithKey(context.Background(), key), nil)
		fmt.Println(key, "at", who, err)
	}
}

// Each user's calls go to the same cache, from every process.
func ExampleNewMaglev() {
	pool := connected(kitsd.FixedInstancer{"cache-1:80", "cache-2:80", "cache-3:80"}, 3)
	defer pool.Close()

	show(lb.NewMaglev(pool), "ann", "bob", "ann")
	// Output:
	// ann at cache-1:80 <nil>
	// bob at cache-3:80 <nil>
	// ann at cache-1:80 <nil>
}

// A popular key does not sink its instance: what is beyond a quarter more than
// its share goes to others.
func ExampleNewRing() {
	pool := connected(kitsd.FixedInstancer{"cache-1:80", "cache-2:80", "cache-3:80"}, 3)
	defer pool.Close()

	show(lb.NewRing(pool, lb.RingConfig{Bound: 1.25}), "ann", "bob", "ann")
	// Output:
	// ann at cache-3:80 <nil>
	// bob at cache-2:80 <nil>
	// ann at cache-3:80 <nil>
}

// No key moves but those of instances that come or go.
func ExampleNewRendezvous() {
	pool := connected(kitsd.FixedInstancer{"cache-1:80", "cache-2:80", "cache-3:80"}, 3)
	defer pool.Close()

	show(lb.NewRendezvous(pool), "ann", "bob", "ann")
	// Output:
	// ann at cache-2:80 <nil>
	// bob at cache-3:80 <nil>
	// ann at cache-2:80 <nil>
}

// The key of a call travels in its context.
func ExampleWithKey() {
	pool := connected(kitsd.FixedInstancer{"cache-1:80", "cache-2:80", "cache-3:80"}, 3)
	defer pool.Close()

	call := lb.Endpoint(lb.NewMaglev(pool))
	who, err := call(lb.WithKey(context.Background(), "ann"), nil)
	fmt.Println(who, err)
	// Output: cache-1:80 <nil>
}

// Of every four calls, the heavier instance has exactly three.
func ExampleNewWeightedRoundRobin() {
	instances := sd.NewInstancer(sd.Fixed{
		{ID: "large", Addr: "10.0.0.1:80", Weight: 3},
		{ID: "small", Addr: "10.0.0.2:80", Weight: 1},
	}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 2)
	defer pool.Close()

	call, counts := lb.Endpoint(lb.NewWeightedRoundRobin(pool)), map[any]int{}
	for range 400 {
		who, _ := call(context.Background(), nil)
		counts[who]++
	}
	fmt.Println(counts)
	// Output: map[10.0.0.1:80:300 10.0.0.2:80:100]
}

// On average, the heavier instance has three of four calls.
func ExampleNewWeightedRandom() {
	instances := sd.NewInstancer(sd.Fixed{
		{ID: "large", Addr: "10.0.0.1:80", Weight: 3},
		{ID: "small", Addr: "10.0.0.2:80", Weight: 1},
	}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 2)
	defer pool.Close()

	call, counts := lb.Endpoint(lb.NewWeightedRandom(pool)), map[any]int{}
	for range 4000 {
		who, _ := call(context.Background(), nil)
		counts[who]++
	}
	fmt.Println("the large one has more:", counts["10.0.0.1:80"] > 2*counts["10.0.0.2:80"])
	// Output: the large one has more: true
}
