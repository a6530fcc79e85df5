package observe_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/retry"
)

// printer is an Observer.
type printer struct{}

func (printer) Start(ctx context.Context, _ *observe.Call) context.Context { return ctx }

func (printer) End(_ context.Context, c *observe.Call, r observe.Result) {
	fmt.Println(c.Side, c.Service, c.Method, c.Instance, c.Attempt, r.Outcome, r.Err)
}

func Example() {
	cfg := observe.Config{Service: "addsvc", Observers: []observe.Observer{printer{}}}
	failed := false
	wire := func(context.Context, any) (any, error) {
		if !failed {
			failed = true
			return nil, errors.New("connection reset")
		}
		return 42, nil
	}
	instance := observe.Attempts(cfg)("10.0.0.1:8080")(wire) // by the factory of a pool
	sum := observe.Calls(cfg)("Sum")(retry.New(retry.Config{Idempotent: true})(instance))
	fmt.Println(sum(context.Background(), nil))
	// Output:
	// attempt addsvc Sum 10.0.0.1:8080 1 failure connection reset
	// attempt addsvc Sum 10.0.0.1:8080 2 success <nil>
	// client addsvc Sum  0 success <nil>
	// 42 <nil>
}

func ExampleConfig_Validate() {
	fmt.Println(observe.Config{Side: observe.Attempt}.Validate())
	// Output: observe: Config.Side is attempt: want Client or Server; attempts are what Attempts observes
}

func ExampleSide_String() {
	fmt.Println(observe.Client, observe.Server, observe.Attempt, observe.Side(7))
	// Output: client server attempt side 7
}
