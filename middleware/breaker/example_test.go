package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
)

func ExampleEach() {
	guard := breaker.Each(breaker.Config{Consecutive: 2})
	mw, ready := guard("10.0.0.1:8080") // lb.NewPool does this for every instance
	sum := mw(func(context.Context, any) (any, error) { return nil, errors.New("out of memory") })

	for range 3 {
		_, err := sum(context.Background(), nil)
		fmt.Println(ready(), errors.Is(err, breaker.ErrOpen))
	}
	// Output:
	// true false
	// false false
	// false true
}

func ExampleNew() {
	upstream := func(context.Context, any) (any, error) { return "42", nil }
	sum := breaker.New(breaker.Config{Name: "addsvc"})(upstream)
	fmt.Println(sum(context.Background(), nil))
	// Output: 42 <nil>
}

func ExampleNewGroup() {
	circuits := breaker.NewGroup(breaker.Config{
		Consecutive: 2,
		OnStateChange: func(instance string, from, to breaker.State) {
			fmt.Printf("%s: %v to %v\n", instance, from, to)
		},
	})
	mw, _ := circuits.Each("10.0.0.1:8080") // as lb.PoolConfig{Guard: circuits.Each} does
	sum := mw(func(context.Context, any) (any, error) { return nil, errors.New("out of memory") })
	for range 2 {
		_, _ = sum(context.Background(), nil)
	}
	fmt.Println(circuits.Close()) // OnStateChange has been told of all there was
	// Output:
	// 10.0.0.1:8080: closed to open
	// <nil>
}

func ExampleGroup_Circuits() {
	circuits := breaker.NewGroup(breaker.Config{SlowCall: time.Minute})
	mw, ready := circuits.Each("10.0.0.1:8080")
	sum := mw(func(_ context.Context, request any) (any, error) {
		if request == nil {
			return nil, errors.New("out of memory")
		}
		return "42", nil
	})
	_, _ = sum(context.Background(), nil)
	_, _ = sum(context.Background(), "40 + 2")
	for _, c := range circuits.Circuits() {
		fmt.Println(c.Instance, c.State, c.Successes, c.Failures, c.Slow)
	}
	fmt.Println(ready(), circuits.State("10.0.0.1:8080"))
	// Output:
	// 10.0.0.1:8080 closed 1 1 0
	// true closed
}

func ExampleOpenError() {
	until := time.Date(2026, time.May, 1, 15, 4, 5, 0, time.UTC)
	fmt.Println(&breaker.OpenError{Instance: "10.0.0.1:8080", Until: until})
	// Output: circuit breaker is open: 10.0.0.1:8080 may be tried again at 15:04:05.000
}

func ExampleConfig_Validate() {
	fmt.Println(breaker.Config{Ratio: 50}.Validate())
	// Output: breaker: Config.Ratio is 50: want more than 0 and at most 1, or 0 for 0.5
}

func ExampleState_String() {
	fmt.Println(breaker.Closed, breaker.Open, breaker.HalfOpen, breaker.State(7))
	// Output: closed open half-open state 7
}
