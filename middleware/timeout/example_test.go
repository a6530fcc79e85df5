package timeout_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/timeout"
)

func ExampleNew() {
	sum := timeout.New(timeout.Config{Timeout: 20 * time.Millisecond})(func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done() // as a transport does whose server does not answer
		return nil, ctx.Err()
	})
	_, err := sum(context.Background(), nil)
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// timed out after 20ms: context deadline exceeded
	// true
}

func ExampleTooLateError() {
	sum := timeout.New(timeout.Config{Least: 50 * time.Millisecond})(func(context.Context, any) (any, error) { return 42, nil })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := sum(ctx, nil)
	late, ok := errors.AsType[*timeout.TooLateError](err)
	fmt.Println(ok, errors.Is(err, timeout.ErrTooLate), late.NotSent(), late.Need)
	// Output: true true true 50ms
}

func ExampleError() {
	fmt.Println(&timeout.Error{After: 10 * time.Second}) // as a context's cause
	// Output: timed out after 10s
}

func ExampleConfig_Validate() {
	fmt.Println(timeout.Config{Least: -time.Second}.Validate())
	// Output: timeout: Config.Least is -1s: want more than 0, or 0 for none
}
