package fallback_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kitgen/kitgen/middleware/fallback"
)

func ExampleNew() {
	recommend := fallback.New(fallback.Config{
		Fallback: func(_ context.Context, _ any, err error) (any, error) {
			fmt.Println("fell back:", err)
			return []string{"bestseller"}, nil
		},
	})(func(context.Context, any) (any, error) { return nil, errors.New("connection reset") })

	fmt.Println(recommend(context.Background(), "user 7"))
	// Output:
	// fell back: connection reset
	// [bestseller] <nil>
}

func ExampleError() {
	err := error(&fallback.Error{Err: io.ErrUnexpectedEOF, Fallback: errors.New("no copy yet")})
	fmt.Println(err)
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))
	// Output:
	// unexpected EOF (fallback: no copy yet)
	// true
}

func ExampleConfig_Validate() {
	fmt.Println(fallback.Config{}.Validate())
	// Output: fallback: Config.Fallback is nil: want a function that answers when the call fails
}
