package lb_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
)

// An instance that fails while the others do not is ejected, and Explain says
// that a pick passed it over for that.
func ExampleOutlierConfig() {
	connect := func(addr string) (endpoint.Endpoint, io.Closer, error) {
		return func(context.Context, any) (any, error) {
			if addr == "10.0.0.2:80" {
				return nil, errors.New("disk full")
			}
			return "hello", nil
		}, nil, nil
	}
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80", "10.0.0.2:80"}, connect, lb.PoolConfig{
		Outliers: &lb.OutlierConfig{},
		Explain:  1,
	})
	defer pool.Close()
	ctx := context.Background()
	if err := pool.WaitReady(ctx); err != nil {
		fmt.Println(err)
		return
	}
	hello := lb.Endpoint(lb.NewRoundRobin(pool))
	for len(pool.Nodes()) < 2 || pool.Nodes()[1].Ejected == 0 {
		hello(ctx, nil)
	}
	fmt.Println(pool.Nodes()[1].ID, "is ejected:", pool.Nodes()[1].EjectedFor)

	for passed := false; !passed; { // its turn comes
		hello(ctx, nil)
		for _, c := range pool.Explain()[0].Candidates {
			fmt.Println("passed over:", c)
			passed = true
		}
	}
	// Output:
	// 10.0.0.2:80 is ejected: failures in a row
	// passed over: 10.0.0.2:80 (ejected as an outlier: failures in a row)
}
