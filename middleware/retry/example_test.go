package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kitgen/kitgen/middleware/retry"
)

func ExampleNew() {
	answers := []error{io.EOF, io.EOF, nil}
	flaky := func(context.Context, any) (any, error) {
		err := answers[0]
		answers = answers[1:]
		return "42", err
	}

	sum := retry.New(retry.Config{
		Idempotent: true, // adding numbers twice does no harm
		MinBackoff: time.Millisecond,
		OnRetry: func(_ context.Context, attempt int, err error) {
			fmt.Printf("attempt %d, because of %v\n", attempt, err)
		},
	})(flaky)
	fmt.Println(sum(context.Background(), nil))
	// Output:
	// attempt 2, because of EOF
	// attempt 3, because of EOF
	// 42 <nil>
}

func ExampleError() {
	down := func(context.Context, any) (any, error) { return nil, io.EOF }
	_, err := retry.New(retry.Config{Idempotent: true, Attempts: 2})(down)(context.Background(), nil)
	fmt.Println(err)
	fmt.Println(errors.Is(err, io.EOF))
	if gaveUp, ok := errors.AsType[*retry.Error](err); ok {
		fmt.Println(gaveUp.Attempts)
	}
	// Output:
	// gave up after 2 attempts: EOF (before: EOF)
	// true
	// 2
}

func ExampleConfig_Validate() {
	fmt.Println(retry.Config{Attempts: -1}.Validate())
	// Output: retry: Config.Attempts is -1: want at least 1, or 0 for 3
}
