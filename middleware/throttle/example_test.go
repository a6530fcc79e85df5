package throttle_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kitgen/kitgen/middleware/throttle"
)

// busy is what a transport returns for an HTTP 503.
type busy struct{}

func (busy) Error() string   { return "service unavailable" }
func (busy) StatusCode() int { return 503 }

func ExampleNew() {
	sent := 0
	mw := throttle.New(throttle.Config{Name: "addsvc"})
	sum := mw(func(context.Context, any) (any, error) { sent++; return nil, busy{} })

	rejected := 0
	for range 1000 {
		if _, err := sum(context.Background(), nil); errors.Is(err, throttle.ErrThrottled) {
			rejected++
		}
	}
	fmt.Println(sent+rejected, sent < 100)
	// Output: 1000 true
}

func ExampleNewThrottle() {
	addsvc := throttle.NewThrottle(throttle.Config{})
	sum := addsvc.Wrap(func(context.Context, any) (any, error) { return nil, busy{} })
	for range 10 {
		_, _ = sum(context.Background(), nil)
	}
	fmt.Printf("%+v\n", addsvc.Stats())
	// Output: {Requests:10 Accepts:0 Overloads:10 Chance:0.9090909090909091}
}

func ExampleConfig_Validate() {
	fmt.Println(throttle.Config{K: 0.5}.Validate())
	// Output: throttle: Config.K is 0.5: want at least 1 and at most 1e9, or 0 for 2
}
