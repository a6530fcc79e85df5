package limit_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kitgen/kitgen/middleware/limit"
)

func ExampleNew() {
	sum := limit.New(limit.Config{Name: "sum", Max: 1})(func(ctx context.Context, request any) (any, error) {
		again, _ := request.(func(context.Context) error)
		return "42", again(ctx)
	})
	nested := func(ctx context.Context) error { // while the first is in flight
		_, err := sum(ctx, nil)
		return err
	}
	_, err := sum(context.Background(), nested)
	fmt.Println(err)
	fmt.Println(errors.Is(err, limit.ErrExceeded))
	// Output:
	// concurrency limit exceeded: sum takes 1 calls at a time
	// true
}

func ExampleEach() {
	var stats func() limit.Stats
	guard := limit.Each(limit.Config{
		Initial: 10,
		OnNew:   func(_ string, f func() limit.Stats) { stats = f },
	})
	mw, ready := guard("10.0.0.1:8080") // lb.NewPool does this for every instance
	sum := mw(func(context.Context, any) (any, error) { return nil, context.DeadlineExceeded })

	for range 3 {
		_, _ = sum(context.Background(), nil)
	}
	fmt.Printf("%+v %t\n", stats(), ready())
	// Output: {Limit:7 InFlight:0 Moves:3} true
}

func ExampleConfig_Validate() {
	fmt.Println(limit.Config{Min: 50, Max: 10}.Validate())
	// Output: limit: Config.Min 50 is above Max 10: lower the one or raise the other
}
