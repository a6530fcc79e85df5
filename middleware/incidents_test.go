package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
)

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("i%d", i)
	}
	return all
}

// both are the balancer that learns, and the one that does not.
var both = map[string]func(lb.Set) kitlb.Balancer{"adaptive": adaptive, "round robin": roundRobin}

// TestHalfFailInAMillisecond: a balancer that goes by latency alone is drawn to
// them, and retries alone would need a budget of the whole load.
func TestHalfFailInAMillisecond(t *testing.T) {
	for name, balancer := range both {
		synctest.Test(t, func(t *testing.T) {
			var attempts atomic.Int64
			cfg := middleware.ClientConfig{Retry: retry.Config{Idempotent: true}}
			c := newClient(t, cfg, balancer, names(10), func(ctx context.Context, instance string) (any, error) {
				attempts.Add(1)
				if instance < "i5" {
					_ = takes(ctx, time.Millisecond)
					return nil, status(503)
				}
				return "ok", takes(ctx, 10*time.Millisecond)
			})
			var overdrawn atomic.Int64
			calls := load(500, 20*time.Second, func(ctx context.Context) error {
				_, err := c.call(ctx, nil)
				if s := c.stack.Budget().Stats(); s.Retries > s.Allowed {
					overdrawn.Add(1)
				}
				return err
			})
			share := failed(calls, time.Second)
			t.Logf("%s: %.4f %% failed after the first second, %.4f %% in all, %.3f attempts per call", name, 100*share, 100*failed(calls, 0), float64(attempts.Load())/float64(len(calls)))
			if share > 0.01 || overdrawn.Load() > 0 {
				t.Errorf("%s: %.2f %% failed, want 1 %%; budget overdrawn %d times", name, 100*share, overdrawn.Load())
			}
		})
	}
}

// TestOneHangs: it answers nothing, and fails nothing either.
func TestOneHangs(t *testing.T) {
	const attemptTimeout, usual = 500 * time.Millisecond, 10 * time.Millisecond
	for name, balancer := range both {
		synctest.Test(t, func(t *testing.T) {
			cfg := middleware.ClientConfig{Retry: retry.Config{Idempotent: true, AttemptTimeout: attemptTimeout}}
			c := newClient(t, cfg, balancer, names(10), func(ctx context.Context, instance string) (any, error) {
				if instance == "i3" {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return "ok", takes(ctx, usual)
			})
			calls := load(300, 20*time.Second, func(ctx context.Context) error {
				_, err := c.call(ctx, nil)
				return err
			})
			p99, all := quantile(calls, 0.99, 0), failed(calls, 0)
			t.Logf("%s: p99 %v, %.3f %% failed", name, p99, 100*all)
			if p99 > attemptTimeout+usual || all > 0.001 {
				t.Errorf("%s: p99 %v, %.3f %% failed; want at most %v, and none", name, p99, 100*all, attemptTimeout+usual)
			}
		})
	}
}

// TestHalfAreCancelledByTheirCallers: that says nothing about anybody.
func TestHalfAreCancelledByTheirCallers(t *testing.T) {
	var before int
	synctest.Test(t, func(t *testing.T) {
		before = runtime.NumGoroutine()
		opened := atomic.Int64{}
		cfg := middleware.ClientConfig{
			Retry:   retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}},
			Breaker: breaker.Config{OnStateChange: func(string, breaker.State, breaker.State) { opened.Add(1) }},
		}
		c := newClient(t, cfg, adaptive, names(4), func(ctx context.Context, _ string) (any, error) {
			return "ok", takes(ctx, 20*time.Millisecond)
		})
		var n atomic.Int64
		calls := load(400, 20*time.Second, func(ctx context.Context) error {
			if n.Add(1)%2 == 0 {
				cancelled, cancel := context.WithCancel(ctx)
				time.AfterFunc(5*time.Millisecond, cancel)
				defer cancel()
				_, err := c.call(cancelled, nil)
				if !errors.Is(err, context.Canceled) {
					return fmt.Errorf("cancelled, and got %w", err)
				}
				return nil
			}
			_, err := c.call(ctx, nil)
			return err
		})
		if share := failed(calls, 0); share > 0 || opened.Load() > 0 {
			t.Errorf("%.2f %% of the others failed, %d changes of breakers", 100*share, opened.Load())
		}
		for _, node := range c.pool.Nodes() {
			if node.Failures > 0 || node.InFlight > 0 {
				t.Errorf("a node is punished: %+v", node)
			}
		}
		synctest.Wait()
	})
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// chain returns the call of the topmost of three services, and what the lowest of
// them is asked.
func chain(t *testing.T, cfg middleware.ClientConfig, bottom func(ctx context.Context) error) (call endpoint.Endpoint, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	next := wire(func(ctx context.Context, _ any) (any, error) {
		asked.Add(1)
		return "ok", bottom(ctx)
	})
	for range 3 {
		below := next
		c := newClient(t, cfg, adaptive, names(3), func(ctx context.Context, _ string) (any, error) { return below(ctx, nil) })
		next = wire(c.call)
	}
	return next, asked
}

// TestChainDoesNotMultiply: three services above one that fails. Each of them
// would try three times, which makes 27.
func TestChainDoesNotMultiply(t *testing.T) {
	const never = 1 << 20 // so that it is the budget and the chain alone that hold
	deaf := breaker.Config{Consecutive: never, MinCalls: never}
	down := func(ctx context.Context) error {
		_ = takes(ctx, time.Millisecond)
		return status(503)
	}
	for _, tt := range []struct {
		name      string
		retry     retry.Config
		breaker   breaker.Config
		low, high float64
	}{
		{"budget and chain", retry.Config{Idempotent: true}, deaf, 1, 1.3},
		{"with breakers", retry.Config{Idempotent: true}, breaker.Config{}, 0, 1.3},
		{"no budget", retry.Config{Idempotent: true, Unbounded: true}, deaf, 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				call, asked := chain(t, middleware.ClientConfig{Retry: tt.retry, Breaker: tt.breaker}, down)
				calls := load(200, 30*time.Second, func(ctx context.Context) error {
					_, err := call(ctx, nil)
					return err
				})
				ratio := float64(asked.Load()) / float64(len(calls))
				t.Logf("the lowest service saw %.3f × the calls", ratio)
				if ratio < tt.low || ratio > tt.high || failed(calls, 0) < 1 {
					t.Errorf("the lowest service saw %.2f × the calls, want %v to %v; %.3f failed", ratio, tt.low, tt.high, failed(calls, 0))
				}
			})
		})
	}
}

// TestChainRecovers: the lowest service fails for ten seconds, all breakers open,
// and calls go through all the same: when it is back, so are they, at once or
// within the time a breaker is open.
func TestChainRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		const from, to = 5 * time.Second, 15 * time.Second
		cfg := middleware.ClientConfig{Retry: retry.Config{Idempotent: true}}
		call, asked := chain(t, cfg, func(ctx context.Context) error {
			_ = takes(ctx, time.Millisecond)
			if at := time.Since(start); at >= from && at < to {
				return status(503)
			}
			return nil
		})
		var during int64
		time.AfterFunc(to, func() { during = asked.Load() })
		calls := load(200, 30*time.Second, func(ctx context.Context) error {
			_, err := call(ctx, nil)
			return err
		})
		back := to
		for _, e := range calls {
			if e.err != nil && e.at >= to {
				back = e.at
			}
		}
		t.Logf("the last failure came %v after the end of the outage; %d of 2000 calls reached the service during it", back-to, during-1000)
		if back-to > 6*time.Second { // 5 s ± 20 %
			t.Errorf("calls failed until %v after the end of the outage", back-to)
		}
		if during < 1000+100 {
			t.Errorf("%d calls reached the service during the outage: with all breakers open, calls must go through", during-1000)
		}
	})
}

// TestAllBreakersOpen: what is left to lose? The calls go through.
func TestAllBreakersOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		c := newClient(t, middleware.ClientConfig{Retry: retry.Config{Idempotent: true}}, adaptive, names(3), func(ctx context.Context, _ string) (any, error) {
			if down.Load() {
				return nil, status(503)
			}
			return "ok", nil
		})
		for range 100 {
			_, _ = c.call(t.Context(), nil)
		}
		open := 0
		for _, s := range c.stack.Circuits() {
			if s.State != breaker.Closed {
				open++
			}
		}
		if open != 3 {
			t.Fatalf("%d of 3 circuits open: %+v", open, c.stack.Circuits())
		}
		down.Store(false)
		if got, err := c.call(t.Context(), nil); got != "ok" || err != nil {
			t.Errorf("with all breakers open, a call is %v, %v", got, err)
		}
	})
}

// TestTheTimeoutOfACallIsTold: it ends attempts, and blames no instance.
func TestTheTimeoutOfACallIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := middleware.ClientConfig{Timeout: timeout.Config{Timeout: time.Second}, Retry: retry.Config{AttemptTimeout: -1}}
		c := newClient(t, cfg, adaptive, names(1), func(ctx context.Context, _ string) (any, error) {
			return nil, takes(ctx, time.Hour)
		})
		start := time.Now()
		_, err := c.call(t.Context(), nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second || !strings.Contains(err.Error(), "1s") {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
