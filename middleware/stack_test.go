package middleware_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
)

func ExampleClient() {
	stack, err := middleware.Client(middleware.ClientConfig{
		Service:  "addsvc",
		Throttle: &throttle.Config{},
		Bulkhead: &bulkhead.Config{MaxInFlight: 50},
		Methods: map[string]middleware.MethodConfig{
			"Sum": {Retry: retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}}, Timeout: timeout.Config{Timeout: 3 * time.Second}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stack.Close()
	fmt.Print(stack)
	// Output:
}

func TestX(t *testing.T) {}
