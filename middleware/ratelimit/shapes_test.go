package ratelimit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitratelimit "github.com/go-kit/kit/ratelimit"
	"golang.org/x/time/rate"
)

// The shapes are those of go-kit and x/time.
var (
	_ Allower              = (*rate.Limiter)(nil)
	_ Waiter               = (*rate.Limiter)(nil)
	_ Allower              = kitratelimit.Allower(nil)
	_ Waiter               = kitratelimit.Waiter(nil)
	_ kitratelimit.Allower = Allower(nil)
	_ kitratelimit.Waiter  = Waiter(nil)
)

func TestAllower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := New(Config{Allower: rate.NewLimiter(1, 3)})(endpoint.Nop)
		if got := through(t, call, 10, nil); got != 3 {
			t.Errorf("%d go through, want 3", got)
		}
		if got := retryAfter(t, call, nil); got != 0 {
			t.Errorf("come again in %v: an Allower does not know", got)
		}
	})
}

func TestWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := New(Config{Waiter: rate.NewLimiter(1, 1)})(endpoint.Nop)
		start := time.Now()
		if got := through(t, call, 4, nil); got != 4 || time.Since(start) != 3*time.Second {
			t.Errorf("%d calls in %v, want 4 in 3s", got, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := call(ctx, nil) // rate.Limiter sees that it is of no use to wait
		limited, ok := errors.AsType[*LimitedError](err)
		if !ok || limited.Err == nil || limited.StatusCode() != 429 {
			t.Errorf("%v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := call(ctx, nil); !errors.Is(err, ErrLimited) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want ErrLimited for the caller's cancel", err)
		}
	})
}

// fleet is a Limiter that does what it is told.
type fleet func(ctx context.Context, key string) (Verdict, error)

func (f fleet) Allow(ctx context.Context, key string) (Verdict, error) { return f(ctx, key) }

func TestLimiter(t *testing.T) {
	limit := fleet(func(_ context.Context, key string) (Verdict, error) {
		switch key {
		case "ann":
			return Verdict{Allowed: true}, nil
		case "bob":
			return Verdict{RetryAfter: 3 * time.Second}, nil
		case "eve":
			return Verdict{RetryAfter: -1}, nil
		default:
			return Verdict{}, nil
		}
	})
	call := New(Config{Limiter: limit, Key: caller})(endpoint.Nop)
	if _, err := call(t.Context(), "ann"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]time.Duration{"bob": 3 * time.Second, "eve": -1, "joe": 0} {
		if got := retryAfter(t, call, name); got != want {
			t.Errorf("%s: come again in %v, want %v", name, got, want)
		}
	}
	if _, err := New(Config{Limiter: limit})(endpoint.Nop)(t.Context(), "ann"); !errors.Is(err, ErrLimited) {
		t.Errorf("%v: without Config.Key the key is not empty", err)
	}
}

func TestLimiterThatCannotSay(t *testing.T) {
	down := errors.New("connection refused")
	hang := func(ctx context.Context, _ string) (Verdict, error) { <-ctx.Done(); return Verdict{}, ctx.Err() }
	refuse := func(context.Context, string) (Verdict, error) { return Verdict{}, down }
	for name, tt := range map[string]struct {
		limiter fleet
		closed  bool
		want    error
		took    time.Duration
	}{
		"refuses":         {refuse, false, down, 0},
		"refuses, closed": {refuse, true, down, 0},
		"hangs":           {hang, false, context.DeadlineExceeded, 50 * time.Millisecond},
		"hangs, closed":   {hang, true, context.DeadlineExceeded, 50 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			var told error
			call := New(Config{Limiter: tt.limiter, FailClosed: tt.closed, OnError: func(_ context.Context, err error) { told = err }})(endpoint.Nop)
			start := time.Now()
			_, err := call(t.Context(), nil)
			if told == nil || !errors.Is(told, tt.want) || time.Since(start) != tt.took {
				t.Errorf("%s: told of %v after %v, want %v after %v", name, told, time.Since(start), tt.want, tt.took)
			}
			if !tt.closed {
				if err != nil {
					t.Errorf("%s: %v, want the call to go through", name, err)
				}
				return
			}
			limited, ok := errors.AsType[*LimitedError](err)
			if !ok || limited.StatusCode() != 503 || !errors.Is(err, tt.want) || !errors.Is(err, ErrLimited) {
				t.Errorf("%s: %v, want 503 for %v", name, err, tt.want)
			}
		})
	}
}

// TestCallerGoesAway: that is no news about the limiter.
func TestCallerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := fleet(func(ctx context.Context, _ string) (Verdict, error) { <-ctx.Done(); return Verdict{}, ctx.Err() })
		call := New(Config{Limiter: limiter, OnError: func(_ context.Context, err error) { t.Errorf("told of %v", err) }})(endpoint.Nop)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := call(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the caller's deadline", err)
		}
	})
}

func TestOnErrorMayBeNil(t *testing.T) {
	limiter := fleet(func(context.Context, string) (Verdict, error) { return Verdict{}, errors.New("down") })
	if _, err := New(Config{Limiter: limiter})(endpoint.Nop)(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
