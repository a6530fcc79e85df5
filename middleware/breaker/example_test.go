package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
)

func ExampleEach() {
	guard := breaker.Each(breaker.Config{
		Consecutive: 2,
		OnStateChange: func(instance string, from, to breaker.State) {
			fmt.Printf("%s: %v to %v\n", instance, from, to)
		},
	})
	mw, ready := guard("10.0.0.1:8080") // lb.NewPool does this for every instance
	sum := mw(func(context.Context, any) (any, error) { return nil, errors.New("out of memory") })

	for range 3 {
		_, err := sum(context.Background(), nil)
		fmt.Println(ready(), errors.Is(err, breaker.ErrOpen))
	}
	// Output:
	// true false
	// 10.0.0.1:8080: closed to open
	// false false
	// false true
}

func ExampleNew() {
	upstream := func(context.Context, any) (any, error) { return "42", nil }
	sum := breaker.New(breaker.Config{Name: "addsvc"})(upstream)
	fmt.Println(sum(context.Background(), nil))
	// Output: 42 <nil>
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
