package lb_test

import (
	"context"
	"fmt"
	"time"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
)

// A transport of one's own says how its servers are asked. With kithttp.Factory
// and kitgrpc.Factory, lb.ProbingConfig{} is enough.
func ExampleNewProbing() {
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80", "10.0.0.2:80"}, dial, lb.PoolConfig{})
	defer pool.Close() // ends the probes too
	pool.WaitReady(context.Background())

	ask := func(_ context.Context, addr string) (inFlight int, latency time.Duration, err error) {
		return 3, 12 * time.Millisecond, nil // what the server at addr answers
	}
	greet := lb.Endpoint(lb.NewProbing(pool, lb.ProbingConfig{Probe: ask}))
	response, err := greet(context.Background(), "gopher")
	fmt.Println(response, err)
	// Output: hello gopher <nil>
}
