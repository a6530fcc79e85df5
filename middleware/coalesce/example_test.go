package coalesce_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kitgen/kitgen/middleware/coalesce"
)

func ExampleNew() {
	var all, here sync.WaitGroup
	here.Add(3)
	price := coalesce.New(coalesce.Config{
		Key: func(_ context.Context, request any) (string, bool) {
			item, ok := request.(string)
			return item, ok
		},
	})(func(_ context.Context, request any) (any, error) {
		fmt.Println("asking for the price of", request)
		here.Wait()
		time.Sleep(200 * time.Millisecond)
		return 42, nil
	})

	for range 3 {
		all.Go(func() {
			here.Done()
			_, _ = price(context.Background(), "a book")
		})
	}
	all.Wait()
	// Output: asking for the price of a book
}

func ExamplePanic() {
	get := coalesce.New(coalesce.Config{
		Key: func(context.Context, any) (string, bool) { return "all alike", true },
	})(func(context.Context, any) (any, error) { panic("out of ink") })
	defer func() {
		if p, ok := recover().(*coalesce.Panic); ok {
			fmt.Println("panic:", p.Value)
		}
	}()
	_, _ = get(context.Background(), nil)
	// Output: panic: out of ink
}

func ExampleConfig_Validate() {
	fmt.Println(coalesce.Config{}.Validate())
	// Output: coalesce: Config.Key is nil: want a function that says which calls are alike
}
