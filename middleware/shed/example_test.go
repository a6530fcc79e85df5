package shed_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/shed"
)

func ExampleNew() {
	sum := shed.New(shed.Config{
		Interval: time.Millisecond, // so that the example need not wait
		CPU:      func() (share float64, ok bool) { return 1, true },
		Priority: func(_ context.Context, request any) shed.Priority {
			if request == "pay" {
				return shed.Critical
			}
			return shed.Sheddable
		},
	})(func(context.Context, any) (any, error) { return "42", nil })

	for {
		if _, err := sum(context.Background(), "prefetch"); errors.Is(err, shed.ErrOverloaded) {
			fmt.Println(err)
			break
		}
		time.Sleep(time.Millisecond)
	}
	// Output: overloaded: call shed
}

func ExampleWithPriority() {
	ctx := shed.WithPriority(context.Background(), shed.Critical) // of a health check, say
	sum := shed.New(shed.Config{})(func(context.Context, any) (any, error) { return "42", nil })
	fmt.Println(sum(ctx, nil))
	// Output: 42 <nil>
}

func ExampleConfig_Validate() {
	fmt.Println(shed.Config{MaxCPU: 80}.Validate())
	// Output: shed: Config.MaxCPU is 80: want more than 0 and at most 1, or 0 for 0.95
}
