package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	kitratelimit "github.com/go-kit/kit/ratelimit"
	"golang.org/x/time/rate"

	"github.com/kitgen/kitgen/middleware/ratelimit"
)

func sum(context.Context, any) (any, error) { return 3, nil }

type tenantKey struct{}

func tenant(ctx context.Context, _ any) string {
	name, _ := ctx.Value(tenantKey{}).(string)
	return name
}

func ExampleNew() {
	limited := ratelimit.New(ratelimit.Config{Rate: 0.5, Key: tenant})(sum)
	ann := context.WithValue(context.Background(), tenantKey{}, "ann")
	bob := context.WithValue(context.Background(), tenantKey{}, "bob")
	for _, ctx := range []context.Context{ann, ann, bob} {
		_, err := limited(ctx, nil)
		if e, ok := errors.AsType[*ratelimit.LimitedError](err); ok {
			fmt.Println(e.StatusCode(), "Retry-After:", e.After.Round(time.Second))
			continue
		}
		fmt.Println("ok")
	}
	// Output:
	// ok
	// 429 Retry-After: 2s
	// ok
}

// What go-kit's package ratelimit takes, this one takes, and the other way
// round: code that asks for go-kit's ErrLimited finds it.
func ExampleNew_goKit() {
	weekdays := kitratelimit.AllowerFunc(func() bool { return false })
	quota := rate.NewLimiter(rate.Every(time.Hour), 1) // an Allower and a Waiter

	closed := ratelimit.New(ratelimit.Config{Allower: weekdays})(sum)
	_, err := closed(context.Background(), nil)
	fmt.Println(errors.Is(err, kitratelimit.ErrLimited))

	queue := ratelimit.New(ratelimit.Config{Waiter: quota})(sum)
	fmt.Println(queue(context.Background(), nil))

	var theirs kitratelimit.Allower = ratelimit.Allower(quota)
	_, err = kitratelimit.NewErroringLimiter(theirs)(sum)(context.Background(), nil)
	fmt.Println(errors.Is(err, ratelimit.ErrLimited))
	// Output:
	// true
	// 3 <nil>
	// true
}

// redis stands for a client of go-redis/redis_rate, whose Result has the same
// two things to say.
type redis struct{ down bool }

func (r redis) Allow(context.Context, string) (ratelimit.Verdict, error) {
	if r.down {
		return ratelimit.Verdict{}, errors.New("dial tcp: connection refused")
	}
	return ratelimit.Verdict{Allowed: false, RetryAfter: time.Minute}, nil
}

func ExampleLimiter() {
	for _, store := range []redis{{down: false}, {down: true}} {
		limited := ratelimit.New(ratelimit.Config{
			Limiter: store,
			Key:     tenant,
			OnError: func(_ context.Context, err error) { fmt.Println("let through:", err) },
		})(sum)
		fmt.Println(limited(context.Background(), nil))
	}
	// Output:
	// <nil> rate limit exceeded: come again in 1m0s
	// let through: dial tcp: connection refused
	// 3 <nil>
}

func ExampleConfig_Validate() {
	fmt.Println(ratelimit.Config{Rate: -5}.Validate())
	// Output: ratelimit: Config.Rate is -5: want more than 0 and at most 1e9 calls per second
}
