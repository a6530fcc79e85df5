package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	kitratelimit "github.com/go-kit/kit/ratelimit"

	"github.com/kitgen/kitgen/middleware/classify"
)

func TestLimitedError(t *testing.T) {
	down := errors.New("connection refused")
	for want, e := range map[string]*LimitedError{
		"rate limit exceeded":                                                        {},
		"rate limit exceeded: come again in 1.5s":                                    {After: 1500 * time.Millisecond},
		"rate limit exceeded: do not come again":                                     {After: -1},
		"rate limit exceeded: waiting for a turn: context canceled":                  {Err: context.Canceled},
		"rate limit exceeded, perhaps: the limiter does not say: connection refused": {Err: down, unknown: true},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e, want)
		}
		err := fmt.Errorf("sum: %w", e)
		if !errors.Is(err, ErrLimited) || !errors.Is(err, kitratelimit.ErrLimited) || e.Err != nil && !errors.Is(err, e.Err) {
			t.Errorf("%v does not match what it is", err)
		}
		if got := classify.Default(context.Background(), nil, err); got != classify.NotSent || !classify.Rejected(err) {
			t.Errorf("%v is classified as %v", err, got)
		}
		if after, ok := classify.Pushback(err); after != e.After || ok != (e.After != 0) {
			t.Errorf("%v: Pushback is %v, %v", err, after, ok)
		}
	}
}
