package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/coalesce"
)

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

// response is an answer that may be one of the business's failures.
type response struct {
	call   int
	failed error
}

func (r response) Failed() error { return r.failed }

var _ endpoint.Failer = response{}

// backend answers with the number of the call, or fails.
type backend struct {
	calls  int
	err    error
	failed error
}

func (b *backend) endpoint(context.Context, any) (any, error) {
	b.calls++
	if b.err != nil {
		return nil, b.err
	}
	return response{b.calls, b.failed}, nil
}

// ask calls with the key "a" and wants the answer of the n-th call.
func ask(t *testing.T, call endpoint.Endpoint, n int, when string) {
	t.Helper()
	if got, err := call(t.Context(), "a"); got != (response{call: n}) || err != nil {
		t.Errorf("%s: got %v, %v; want the answer of call %d", when, got, err, n)
	}
}

func TestFreshForItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		call := cache.New(cache.Config{Key: byRequest})(b.endpoint)
		for n := 1; n <= 3; n++ {
			ask(t, call, n, "a miss")
			ask(t, call, n, "at once")
			time.Sleep(10*time.Second - 1)
			ask(t, call, n, "just before its end")
			time.Sleep(time.Nanosecond)
		}
	})
}

// TestAgeIsCountedFromTheAnswer: a call that takes longer than TTL is kept too.
func TestAgeIsCountedFromTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		call := cache.New(cache.Config{Key: byRequest, TTL: time.Second})(func(ctx context.Context, request any) (any, error) {
			time.Sleep(5 * time.Second)
			return b.endpoint(ctx, request)
		})
		ask(t, call, 1, "a miss")
		ask(t, call, 1, "at once")
	})
}

// TestStaleIfError is RFC 5861's, whose "error" is classify's.
func TestStaleIfError(t *testing.T) {
	const alive, cancelled, expired = 0, 1, 2
	for _, tt := range []struct {
		name     string
		err      error
		caller   int
		maxStale time.Duration
		age      time.Duration // past its TTL
		stale    bool
	}{
		{"failure", statusError(503), alive, time.Minute, 0, true},
		{"fault", statusError(500), alive, time.Minute, 0, true},
		{"too many", statusError(429), alive, time.Minute, 0, true},
		{"EOF", io.EOF, alive, time.Minute, 0, true},
		{"deadline", context.DeadlineExceeded, expired, time.Minute, 0, true},
		{"cancelled by somebody else", context.Canceled, alive, time.Minute, 0, true},
		{"caller has gone", context.Canceled, cancelled, time.Minute, 0, false},
		{"business error", statusError(404), alive, time.Minute, 0, false},
		{"not allowed by default", io.EOF, alive, 0, 0, false},
		{"just not too stale", io.EOF, alive, time.Minute, time.Minute - 1, true},
		{"too stale", io.EOF, alive, time.Minute, time.Minute, false},
		{"for ever", io.EOF, alive, math.MaxInt64, 24 * time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b backend
				var stats cache.Stats
				call := cache.New(cache.Config{Key: byRequest, MaxStale: tt.maxStale, Stats: &stats})(b.endpoint)
				ask(t, call, 1, "a miss")
				time.Sleep(10*time.Second + tt.age)

				b.err = tt.err
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				switch tt.caller {
				case cancelled:
					cancel()
				case expired:
					ctx, cancel = context.WithDeadline(ctx, time.Now())
					defer cancel()
				}
				got, err := call(ctx, "a")
				if tt.stale && (got != (response{call: 1}) || err != nil) || !tt.stale && (got != nil || err != tt.err) {
					t.Errorf("got %v, %v; want stale %v", got, err, tt.stale)
				}
				if b.calls != 2 {
					t.Errorf("%d calls, want 2", b.calls)
				}
				if n := stats.Stale.Load(); n == 1 != tt.stale {
					t.Errorf("Stale = %d", n)
				}
			})
		})
	}
}

// TestErrorsAreNotKept: they come as they are, and every time.
func TestErrorsAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := backend{err: io.EOF}
		call := cache.New(cache.Config{Key: byRequest, MaxStale: time.Hour})(b.endpoint)
		for want := 1; want <= 3; want++ {
			if got, err := call(t.Context(), "a"); got != nil || err != io.EOF || b.calls != want {
				t.Errorf("call %d: got %v, %v", b.calls, got, err)
			}
		}
		b.err = nil
		ask(t, call, 4, "when it is up again")
		ask(t, call, 4, "at once")
	})
}

// TestBusinessFailuresForget: they are not kept, and what was kept is wrong.
func TestBusinessFailuresForget(t *testing.T) {
	gone := errors.New("gone")
	for name, fail := range map[string]func(*backend){
		"Failer": func(b *backend) { b.failed = gone },
		"error":  func(b *backend) { b.err = statusError(404) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b backend
				call := cache.New(cache.Config{Key: byRequest, MaxStale: time.Hour})(b.endpoint)
				ask(t, call, 1, "a miss")
				time.Sleep(10 * time.Second)
				fail(&b)
				for want := 2; want <= 3; want++ {
					got, err := call(t.Context(), "a")
					if f, _ := got.(endpoint.Failer); err == nil && f.Failed() != gone || b.calls != want {
						t.Errorf("call %d: %v, %v", b.calls, got, err)
					}
				}
				b.failed, b.err = nil, io.EOF
				if got, err := call(t.Context(), "a"); err != io.EOF {
					t.Errorf("what is gone came back: %v, %v", got, err)
				}
			})
		})
	}
}

func TestNilIsAnAnswer(t *testing.T) {
	calls := 0
	call := cache.New(cache.Config{Key: byRequest})(func(context.Context, any) (any, error) { calls++; return nil, nil })
	for range 3 {
		if got, err := call(t.Context(), "a"); got != nil || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func TestClassifyDecidesWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		call := cache.New(cache.Config{
			Key: byRequest, MaxStale: time.Hour,
			Classify: func(_ context.Context, response any, _ error) classify.Outcome {
				if response == "partial" {
					return classify.Failure
				}
				return classify.Success
			},
		})(func(context.Context, any) (any, error) {
			if calls++; calls == 2 {
				return "whole", nil
			}
			return "partial", nil
		})
		for i, want := range []string{"partial", "whole", "whole"} {
			if got, err := call(t.Context(), "a"); got != want || err != nil {
				t.Errorf("call %d: got %v, %v; want %v", i, got, err, want)
			}
		}
		time.Sleep(time.Minute)
		if got, _ := call(t.Context(), "a"); got != "whole" {
			t.Errorf("got %v, want the whole one though stale", got)
		}
	})
}

func TestNoKeyPassesBy(t *testing.T) {
	var b backend
	var stats cache.Stats
	call := cache.New(cache.Config{Key: byRequest, Stats: &stats})(b.endpoint)
	for range 3 {
		_, _ = call(t.Context(), 1) // not a string
	}
	if b.calls != 3 || stats.Misses.Load() != 0 {
		t.Errorf("%d calls, %d misses", b.calls, stats.Misses.Load())
	}
}

func TestEndpointsDoNotShareEntries(t *testing.T) {
	mw := cache.New(cache.Config{Key: byRequest})
	for _, name := range []string{"user", "orders"} {
		call := mw(func(context.Context, any) (any, error) { return name, nil })
		if got, _ := call(t.Context(), "7"); got != name {
			t.Errorf("%s got %v", name, got)
		}
	}
}

func TestLeastRecentlyUsedGoes(t *testing.T) {
	calls := map[string]int{}
	call := cache.New(cache.Config{Key: byRequest, Entries: 2})(func(_ context.Context, request any) (any, error) {
		calls[request.(string)]++
		return request, nil
	})
	for _, key := range []string{"a", "b", "a", "c", "a", "b"} { // c drops b, b drops c
		if got, err := call(t.Context(), key); got != key || err != nil {
			t.Errorf("%s: got %v, %v", key, got, err)
		}
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 2, "c": 1}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		var stats cache.Stats
		call := cache.New(cache.Config{Key: byRequest, MaxStale: time.Hour, Stats: &stats})(b.endpoint)
		ask(t, call, 1, "a miss")
		ask(t, call, 1, "a hit")
		ask(t, call, 1, "a hit")
		time.Sleep(time.Minute)
		b.err = io.EOF
		ask(t, call, 1, "stale")
		_, _ = call(t.Context(), "b")
		if h, m, s := stats.Hits.Load(), stats.Misses.Load(), stats.Stale.Load(); h != 2 || m != 3 || s != 1 {
			t.Errorf("%d hits, %d misses, %d stale; want 2, 3, 1", h, m, s)
		}
	})
}

func TestPanicsAndGoexitPass(t *testing.T) {
	n := 0
	call := cache.New(cache.Config{Key: byRequest})(func(context.Context, any) (any, error) {
		switch n++; n {
		case 1:
			panic("boom")
		case 2:
			runtime.Goexit()
		}
		return "ok", nil
	})
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = call(t.Context(), "a")
	}()
	returned := false
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = call(t.Context(), "a")
		returned = true
	})
	wg.Wait()
	if returned {
		t.Error("Goexit was swallowed")
	}
	if got, err := call(t.Context(), "a"); got != "ok" {
		t.Errorf("the key is blocked: %v, %v", got, err)
	}
}

// TestCoalesceInside: a hundred who miss the same key make one call, and a
// hundred who find it stale too.
func TestCoalesceInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{}
		slow := func(ctx context.Context, request any) (any, error) {
			time.Sleep(time.Second)
			return b.endpoint(ctx, request)
		}
		call := endpoint.Chain(
			cache.New(cache.Config{Key: byRequest, MaxStale: time.Hour}),
			coalesce.New(coalesce.Config{Key: byRequest}),
		)(slow)
		herd := func(answer int, when string) {
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() { ask(t, call, answer, when) })
			}
			wg.Wait()
		}
		herd(1, "when nothing is kept")
		herd(1, "when it is kept")
		if b.calls != 1 {
			t.Errorf("%d calls for 200 who asked", b.calls)
		}
		time.Sleep(time.Minute)
		b.err = io.EOF
		herd(1, "when it is stale and the server is down")
		if b.calls != 2 {
			t.Errorf("%d calls after 100 more", b.calls)
		}
	})
}

func TestInParallel(t *testing.T) { // for the race detector
	var stats cache.Stats
	call := cache.New(cache.Config{Key: byRequest, Entries: 5, TTL: time.Microsecond, MaxStale: time.Microsecond, Stats: &stats})(
		func(_ context.Context, request any) (any, error) {
			if rand.IntN(3) == 0 {
				return nil, io.EOF
			}
			return request, nil
		})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 1000 {
				key := fmt.Sprint((i + j) % 10)
				if got, err := call(t.Context(), key); err == nil && got != key {
					t.Errorf("%s got %v", key, got)
				}
			}
		})
	}
	wg.Wait()
	if n := stats.Hits.Load() + stats.Misses.Load(); n != 8000 {
		t.Errorf("%d calls were counted", n)
	}
}
