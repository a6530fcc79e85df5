package recovery_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/recovery"
)

func ExampleNew() {
	divide := recovery.New(recovery.Config{
		Logger:  log.NewNopLogger(), // an example has no log; leave it out and panics go to standard error
		OnPanic: func(_ context.Context, p *recovery.Panic) { fmt.Println("log:", p.Value) },
	})(func(_ context.Context, request any) (any, error) { return 1 / request.(int), nil })

	response, err := divide(context.Background(), 0)
	fmt.Println(response, err)

	p, ok := errors.AsType[*recovery.Panic](err)
	fmt.Println(ok, p.StatusCode())
	// Output:
	// log: runtime error: integer divide by zero
	// <nil> internal error: panic while serving the call
	// true 500
}

func ExampleConfig_Validate() {
	fmt.Println(recovery.Config{}.Validate())
	// Output: <nil>
}
