package bulkhead

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNeverTooMany has many callers come, wait, give up and leave at random, on
// real threads: never more than the bound are in, and in the end nobody is.
func TestNeverTooMany(t *testing.T) {
	for _, cfg := range []Config{
		{MaxInFlight: 1, MaxQueue: -1},
		{MaxInFlight: 1, MaxQueue: 2, MaxWait: 20 * time.Microsecond},
		{MaxInFlight: 3, MaxQueue: 4, MaxWait: -1},
	} {
		b := NewBulkhead(cfg)
		var in, served atomic.Int64
		call := b.Wrap(func(context.Context, any) (any, error) {
			if n := in.Add(1); n > int64(cfg.MaxInFlight) {
				t.Errorf("%d calls in, the bound is %d", n, cfg.MaxInFlight)
			}
			defer in.Add(-1)
			served.Add(1)
			runtime.Gosched()
			return nil, nil
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 2000 {
					caller(call, b)
				}
			})
		}
		wg.Wait()
		if got := b.Stats(); got != (Stats{}) || b.places.spare != 0 || b.places.waiters.Len() != 0 {
			t.Errorf("%+v: %+v, %d spare, %d in the queue when all is over", cfg, got, b.places.spare, b.places.waiters.Len())
		}
		if served.Load() == 0 {
			t.Errorf("%+v: nobody was ever in", cfg)
		}
	}
}

// caller makes a call, and gives up at a random moment one time in two.
func caller(call func(context.Context, any) (any, error), b *Bulkhead) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if rand.IntN(2) == 0 {
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { runtime.Gosched(); cancel() })
	}
	if _, err := call(ctx, nil); err != nil && !errors.Is(err, ErrFull) {
		panic(err)
	}
	b.Stats()
}
