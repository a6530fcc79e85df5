package ratelimit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
)

func TestRate(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg   Config
		burst int           // of 100 calls at once
		after time.Duration // until the next
		later int           // of 100 calls 2 s later
	}{
		"10/s":           {Config{Rate: 10}, 10, 100 * time.Millisecond, 10},
		"10/s, burst 50": {Config{Rate: 10, Burst: 50}, 50, 100 * time.Millisecond, 20},
		"one in 4 s":     {Config{Rate: 0.25}, 1, 4 * time.Second, 0},
		"2.5/s":          {Config{Rate: 2.5}, 3, 400 * time.Millisecond, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			call := New(tt.cfg)(endpoint.Nop)
			if got := through(t, call, 100, nil); got != tt.burst {
				t.Errorf("%s: %d of 100 at once go through, want %d", name, got, tt.burst)
			}
			if got := retryAfter(t, call, nil); got != tt.after {
				t.Errorf("%s: come again in %v, want %v", name, got, tt.after)
			}
			time.Sleep(2 * time.Second)
			if got := through(t, call, 100, nil); got != tt.later {
				t.Errorf("%s: %d of 100 go through after 2 s, want %d", name, got, tt.later)
			}
		})
	}
}

// TestAfterIsTrue: who comes when the error says goes through, and nobody before.
func TestAfterIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := New(Config{Rate: 3, Burst: 1})(endpoint.Nop)
		through(t, call, 1, nil)
		for range 100 {
			time.Sleep(50 * time.Millisecond)
			after := retryAfter(t, call, nil)
			time.Sleep(after - time.Microsecond)
			if through(t, call, 1, nil) != 0 {
				t.Fatalf("a call went through before %v", after)
			}
			time.Sleep(time.Microsecond)
			if through(t, call, 1, nil) != 1 {
				t.Fatalf("a call was rejected after %v", after)
			}
		}
	})
}

func TestSlowestRate(t *testing.T) { // no overflow
	call := New(Config{Rate: 1e-300})(endpoint.Nop)
	if got := through(t, call, 2, nil); got != 1 {
		t.Errorf("%d of 2 go through, want 1", got)
	}
	if got := retryAfter(t, call, nil); got < 1<<62 {
		t.Errorf("come again in %v", got)
	}
}

// TestMaxWait: calls go through at their turn, and who would wait too long is
// told at once.
func TestMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		call := New(Config{Rate: 10, Burst: 1, MaxWait: 350 * time.Millisecond})(endpoint.Nop)
		var mu sync.Mutex
		turns, rejected := map[time.Duration]int{}, 0
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := call(t.Context(), nil)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					turns[time.Since(start)]++
					return
				}
				limited, _ := errors.AsType[*LimitedError](err)
				if rejected++; time.Since(start) != 0 || limited.After != 400*time.Millisecond {
					t.Errorf("%v after %v", err, time.Since(start))
				}
			})
		}
		wg.Wait()
		for i := range 4 {
			if at := time.Duration(i) * 100 * time.Millisecond; turns[at] != 1 {
				t.Errorf("%d calls at %v, want 1", turns[at], at)
			}
		}
		if rejected != 6 {
			t.Errorf("%d rejected, want 6", rejected)
		}
	})
}

func TestWhoGoesAwayWhileWaiting(t *testing.T) {
	gone := errors.New("user closed the page")
	synctest.Test(t, func(t *testing.T) {
		call := New(Config{Rate: 1, MaxWait: time.Minute})(endpoint.Nop)
		through(t, call, 1, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(gone) })
		start := time.Now()
		_, err := call(ctx, nil)
		for _, want := range []error{ErrLimited, context.Canceled, gone} {
			if !errors.Is(err, want) {
				t.Errorf("%v does not match %v", err, want)
			}
		}
		if _, err := call(t.Context(), nil); err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v: want the turn of the one who has gone, after 1s", err, time.Since(start))
		}
	})
}

func TestCallersDeadlineIsTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := New(Config{Rate: 1, MaxWait: time.Minute})(endpoint.Nop)
		through(t, call, 1, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := call(ctx, nil)
		limited, _ := errors.AsType[*LimitedError](err)
		if limited == nil || limited.After != time.Second || time.Since(start) != 0 {
			t.Errorf("%v after %v, want at once: come again in 1s", err, time.Since(start))
		}
	})
}

// TestTheRateHolds whatever the scheduler does between any two steps of a call.
func TestTheRateHolds(t *testing.T) {
	for name, wait := range map[string]time.Duration{"rejected": 0, "waiting": time.Microsecond} {
		const rate = 100_000
		call := New(Config{Rate: rate, Burst: 10_000, MaxWait: wait})(endpoint.Nop)
		start := time.Now()
		var passed atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 20_000 {
					if _, err := call(context.Background(), nil); err == nil {
						passed.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if most := 10_000 + rate*(time.Since(start)+wait).Seconds(); float64(passed.Load()) > most {
			t.Errorf("%s: %d calls go through, want at most %.0f", name, passed.Load(), most)
		}
	}
}
