package middleware_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/limit"
)

// TestLimitsHoldWhereAllAreFull: a pick that finds nobody usable goes past the
// guards, and who has too much to do must not be called for that.
func TestLimitsHoldWhereAllAreFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var exceeded atomic.Int32
		var mu sync.Mutex // guards the two
		inFlight, most := 0, 0
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			inFlight += by
			most = max(most, inFlight)
		}
		c := newClient(t, middleware.ClientConfig{Limit: &limit.Config{Initial: 2, Max: 2}}, adaptive, names(3), func(ctx context.Context, _ string) (any, error) {
			count(1)
			defer count(-1)
			return nil, takes(ctx, time.Second)
		})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := c.call(t.Context(), nil); errors.Is(err, limit.ErrExceeded) {
					exceeded.Add(1)
				}
			})
		}
		wg.Wait()
		if most != 6 || exceeded.Load() != 44 {
			t.Errorf("%d calls at a time at three instances that take two each, and %d of 50 were turned down", most, exceeded.Load())
		}
	})
}

// TestWhoHasRoomIsFound, whoever is picked first, at the cost of no attempt.
func TestWhoHasRoomIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := names(5)
		cfg := middleware.ClientConfig{Limit: &limit.Config{Initial: 1, Max: 1}}
		cfg.Retry.Attempts = 1
		c := newClient(t, cfg, roundRobin, all, func(ctx context.Context, instance string) (any, error) {
			if instance != all[4] {
				return nil, takes(ctx, time.Second)
			}
			return nil, nil
		})
		var wg sync.WaitGroup
		for range 4 { // and one of those that are quick
			wg.Go(func() { _, _ = c.call(t.Context(), nil) })
			wg.Go(func() { _, _ = c.call(t.Context(), nil) })
			synctest.Wait()
		}
		for range 20 {
			if _, err := c.call(t.Context(), nil); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	})
}
