package retry_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
)

// TestBudgetBoundsRetries: whatever the load, no more further attempts than the
// share of the calls and the reserve.
func TestBudgetBoundsRetries(t *testing.T) {
	for _, tt := range []struct {
		name      string
		cfg       retry.BudgetConfig
		perSecond int
		want      float64 // further attempts per call, in the end
	}{
		{"busy", retry.BudgetConfig{}, 1000, 0.21},
		{"rare", retry.BudgetConfig{}, 5, 2},
		{"half", retry.BudgetConfig{Ratio: 0.5, PerSecond: -1}, 100, 0.5},
		{"reserve alone", retry.BudgetConfig{Ratio: -1, PerSecond: 20}, 100, 0.2},
		{"nothing", retry.BudgetConfig{Ratio: -1, PerSecond: -1}, 100, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{errs: []error{statusError(503)}}
				budget := retry.NewBudget(tt.cfg)
				call := retry.New(retry.Config{Idempotent: true, Budget: budget, MaxBackoff: time.Nanosecond, MinBackoff: time.Nanosecond})(s.endpoint)
				calls := 0
				for range 60 * tt.perSecond {
					calls++
					_, _ = call(t.Context(), nil)
					time.Sleep(time.Second / time.Duration(tt.perSecond))
					if got := budget.Stats(); got.Retries > got.Allowed {
						t.Fatalf("after %d calls: %+v", calls, got)
					}
				}
				if got := float64(s.calls-calls) / float64(calls); math.Abs(got-tt.want) > 0.06*tt.want+0.005 {
					t.Errorf("%.3f further attempts per call, want %.3f", got, tt.want)
				}
			})
		})
	}
}

func TestBudgetIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := retry.NewBudget(retry.BudgetConfig{PerSecond: 0.5, Ratio: -1}) // five in ten seconds
		s := &script{errs: []error{statusError(503)}}
		cfg := retry.Config{Idempotent: true, Attempts: 2, Budget: budget}
		one, other := retry.New(cfg)(s.endpoint), retry.New(cfg)(s.endpoint)
		for range 10 {
			_, _ = one(t.Context(), nil)
			_, _ = other(t.Context(), nil)
		}
		if s.calls != 25 {
			t.Errorf("20 calls made %d attempts, want 25", s.calls)
		}
		_, err := one(t.Context(), nil)
		if !errors.Is(err, retry.ErrBudget) || !errors.Is(err, statusError(503)) || !strings.Contains(err.Error(), "after 1 attempt, the retry budget is empty: Service Unavailable") {
			t.Errorf("without a budget: %v", err)
		}
		if after, ok := classify.Pushback(err); after >= 0 || !ok {
			t.Errorf("those above are told to come again: %v %v", after, ok)
		}
		time.Sleep(11 * time.Second)
		if _, err := one(t.Context(), nil); errors.Is(err, retry.ErrBudget) {
			t.Error("the budget does not fill up again")
		}
	})
}

func TestCallsThatWereNotSentCostNoBudget(t *testing.T) {
	s := &script{errs: []error{notSent{}}}
	budget := retry.NewBudget(retry.BudgetConfig{Ratio: -1, PerSecond: -1})
	_, err := retry.New(retry.Config{Budget: budget})(s.endpoint)(t.Context(), nil)
	if s.calls != 3 || errors.Is(err, retry.ErrBudget) {
		t.Errorf("%d attempts: %v", s.calls, err)
	}
}

func TestUnbounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: []error{statusError(503)}}
		call := retry.New(retry.Config{Idempotent: true, Unbounded: true})(s.endpoint)
		for range 1000 {
			_, _ = call(t.Context(), nil)
		}
		if s.calls != 3000 {
			t.Errorf("%d attempts", s.calls)
		}
		var b *retry.Budget
		if got := b.Stats(); got != (retry.Stats{Allowed: math.MaxInt}) {
			t.Errorf("no budget is %+v", got)
		}
	})
}

func TestBudgetInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time stands still: one slot
		budget := retry.NewBudget(retry.BudgetConfig{Ratio: 0.25, PerSecond: -1})
		var mu sync.Mutex
		attempts := 0
		call := retry.New(retry.Config{Idempotent: true, Attempts: 2, Budget: budget, MinBackoff: 1, MaxBackoff: 1})(func(context.Context, any) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			attempts++
			return nil, statusError(503)
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 250 {
					_, _ = call(t.Context(), nil)
				}
			})
		}
		wg.Wait()
		if got := budget.Stats(); attempts > 2500 || got.Calls != 2000 || got.Retries != attempts-2000 || got.Allowed != 500 {
			t.Errorf("2000 calls made %d attempts; %+v", attempts, got)
		}
	})
}

func TestAttemptsThatAreNotMadeCostNoBudget(t *testing.T) {
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"no time left": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 500*time.Millisecond)
		},
		"the caller leaves": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(500*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{errs: []error{told{503, 2 * time.Second}}}
				budget := retry.NewBudget(retry.BudgetConfig{PerSecond: 1, Ratio: -1})
				call := retry.New(retry.Config{Idempotent: true, Budget: budget})(s.endpoint)
				for range 20 {
					ctx, cancel := end(t.Context())
					if _, err := call(ctx, nil); errors.Is(err, retry.ErrBudget) {
						t.Error(err)
					}
					cancel()
				}
				if got := budget.Stats(); s.calls != 20 || got.Retries != 0 {
					t.Errorf("%d attempts of 20 calls, and the budget says %+v", s.calls, got)
				}
			})
		})
	}
}

func TestBudgetsWithoutEnd(t *testing.T) {
	for _, cfg := range []retry.BudgetConfig{{Ratio: math.Inf(1)}, {PerSecond: math.Inf(1)}} {
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "Config.Unbounded") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	if got := retry.NewBudget(retry.BudgetConfig{PerSecond: 1e300}).Stats(); got.Allowed <= 0 {
		t.Errorf("%+v", got)
	}
}
