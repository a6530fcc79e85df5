package bulkhead_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kitgen/kitgen/middleware/bulkhead"
)

func ExampleNew() {
	mw := bulkhead.New(bulkhead.Config{MaxInFlight: 1, MaxQueue: -1})
	concat := mw(func(context.Context, any) (any, error) { return "12", nil })
	sum := mw(func(ctx context.Context, request any) (any, error) {
		_, err := concat(ctx, request) // a second call while this one is under way
		fmt.Println(errors.Is(err, bulkhead.ErrFull), err)
		return 3, nil
	})
	fmt.Println(sum(context.Background(), nil))
	fmt.Println(concat(context.Background(), nil))
	// Output:
	// true bulkhead is full: 1 in flight, 0 waiting
	// 3 <nil>
	// 12 <nil>
}

func ExampleNewBulkhead() {
	addsvc := bulkhead.NewBulkhead(bulkhead.Config{MaxInFlight: 10})
	sum := addsvc.Wrap(func(context.Context, any) (any, error) {
		fmt.Printf("%+v\n", addsvc.Stats()) // for a gauge, say
		return 3, nil
	})
	_, _ = sum(context.Background(), nil)
	fmt.Printf("%+v\n", addsvc.Stats())
	// Output:
	// {InFlight:1 Waiting:0}
	// {InFlight:0 Waiting:0}
}

func ExampleConfig_Validate() {
	fmt.Println(bulkhead.Config{MaxInFlight: -5}.Validate())
	// Output: bulkhead: Config.MaxInFlight is -5: want at least 1, or 0 for 100
}
