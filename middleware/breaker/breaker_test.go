package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/classify"
)

func TestWhatOpens(t *testing.T) {
	repeat := func(n int, errs ...error) (all []error) {
		for range n {
			all = append(all, errs...)
		}
		return all
	}
	for _, tt := range []struct {
		name string
		errs []error
		open bool
	}{
		{"4 in a row", repeat(4, errDown), false},
		{"5 in a row", repeat(5, errDown), true},
		{"5 refused in a row", repeat(5, syscall.ECONNREFUSED), true},
		{"a success breaks the row", append(append(repeat(4, errDown), nil), errDown), false},
		{"a cancel does not break the row", append(append(repeat(4, errDown), context.Canceled), errDown), true},
		{"half of 8, too few to judge", repeat(4, nil, errDown), false},
		{"half of 10", repeat(5, nil, errDown), true},
		{"a third of 90", repeat(30, nil, nil, errDown), false},
		{"business errors", repeat(100, statusError(404)), false},
		{"429", repeat(100, statusError(429)), false},
		{"5 that the service itself failed at", repeat(5, statusError(500)), true},
		{"rejections by another circuit", repeat(100, error(&breaker.OpenError{Instance: "b:1"})), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, breaker.Config{})
				for _, err := range tt.errs {
					r.run(1, err)
				}
				r.wantReady(!tt.open, "at the end")
				if r.rejects() != tt.open {
					t.Errorf("rejects = %v", !tt.open)
				}
			})
		})
	}
}

func TestFailuresOlderThanTheWindowAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		for range 20 {
			r.run(2, errDown)
			time.Sleep(9 * time.Second)
			r.run(1, nil)
			time.Sleep(2 * time.Second)
		}
		r.wantReady(true, "after 40 failures, 2 in any window")
	})
}

func TestAttemptTimeoutOpensAndTheCallersDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := do(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		for _, tt := range []struct {
			caller, attempt time.Duration
			open            bool
		}{
			{time.Minute, time.Second, true},
			{time.Second, time.Minute, false},
		} {
			r := newRig(t, breaker.Config{})
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), tt.caller)
				att := attempt.Start(ctx, tt.attempt)
				_, _ = r.call(att, hang)
				att.End()
				cancel()
			}
			r.wantReady(!tt.open, fmt.Sprint(tt.attempt, " of ", tt.caller))
		}
	})
}

func TestOneCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.run(5, errDown)
		r.openTime()
		for range 100 {
			r.wantReady(true, "asking takes no slot")
		}
		r.run(1, errDown)
		r.openTime()
		r.run(1, nil)
		want := []string{
			"closed to open", "open to half-open", "half-open to open", "open to half-open", "half-open to closed",
		}
		if diff := cmp.Diff(want, r.told()); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	})
}

// TestOldNews: a call that outlives the phase it began in changes nothing.
func TestOldNews(t *testing.T) {
	for name, late := range map[string]error{"success": nil, "failure": errDown, "cancel": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, breaker.Config{})
				slow, slower, slowest := r.begin(), r.begin(), r.begin()
				r.run(5, errDown)
				slow(late)
				r.wantReady(false, "late in the open circuit")
				r.openTime()
				probe := r.begin()
				slower(late)
				r.wantReady(false, "late during the probe")
				probe(nil)
				r.run(4, errDown)
				slowest(late)
				r.wantReady(true, "late after 4 failures in the circuit that closed again")
				r.run(1, errDown)
				r.wantReady(false, "after the fifth")
			})
		})
	}
}

func TestOneCircuitForAllEndpointsOfAnInstance(t *testing.T) {
	mw, ready := breaker.Each(breaker.Config{})("a:1")
	sum := mw(func(context.Context, any) (any, error) { return nil, errDown })
	concat := mw(func(context.Context, any) (any, error) { return "ok", nil })
	for range 5 {
		_, _ = sum(t.Context(), nil)
	}
	if _, err := concat(t.Context(), nil); !errors.Is(err, breaker.ErrOpen) || ready() {
		t.Errorf("the other method of a broken instance still answers: %v", err)
	}
}

func TestEachInstanceHasItsOwnCircuit(t *testing.T) {
	each := breaker.Each(breaker.Config{})
	broken, brokenReady := each("a:1")
	_, ready := each("b:1")
	call := broken(func(context.Context, any) (any, error) { return nil, errDown })
	for range 5 {
		_, _ = call(t.Context(), nil)
	}
	if brokenReady() || !ready() {
		t.Errorf("ready: broken %v, other %v", brokenReady(), ready())
	}
}

func TestOpenError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.run(5, errDown)
		_, err := r.call(t.Context(), do(nil))
		open, ok := errors.AsType[*breaker.OpenError](fmt.Errorf("sum: %w", err))
		if !ok || open.Instance != "a:1" {
			t.Fatalf("%v does not name the instance", err)
		}
		if got := classify.Default(t.Context(), nil, err); got != classify.NotSent {
			t.Errorf("a rejection is classified as %v", got)
		}
		if open.StatusCode() != 503 || !classify.Rejected(err) {
			t.Errorf("StatusCode = %d, Rejected = %v", open.StatusCode(), classify.Rejected(err))
		}
		if after, ok := classify.Pushback(err); !ok || after != time.Until(open.Until) {
			t.Errorf("RetryAfter = %v, %v, but the probe is due in %v", after, ok, time.Until(open.Until))
		}
		r.wantReady(false, "before the time the error gives")
		time.Sleep(time.Until(open.Until))
		r.wantReady(true, "at the time the error gives")
		time.Sleep(time.Hour)
		if after, ok := open.RetryAfter(); after != 0 || !ok {
			t.Errorf("RetryAfter = %v, %v when the time has come", after, ok)
		}
	})
}

// TestOneProbeAtATime has many callers ask and call as soon as they may.
func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inside, calls atomic.Int32
		r := newRig(t, breaker.Config{OpenFor: time.Millisecond, MaxOpen: 4 * time.Millisecond, ProbeLease: time.Hour})
		work := do(func(context.Context) error {
			calls.Add(1)
			if n := inside.Add(1); n > 1 {
				t.Errorf("%d probes at a time", n)
			}
			defer inside.Add(-1)
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
			return errDown
		})
		r.run(5, errDown) // every call of work that gets through is a probe
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 200 {
					if r.ready() {
						_, _ = r.call(context.Background(), work)
					}
					time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
				}
			})
		}
		wg.Wait()
		if calls.Load() < 3 {
			t.Errorf("only %d probes", calls.Load())
		}
	})
}

func TestParallelCalls(t *testing.T) { // for the race detector, through all states
	r := newRig(t, breaker.Config{
		OpenFor: time.Microsecond, MaxOpen: time.Microsecond, ProbeLease: time.Microsecond, SlowCall: time.Nanosecond,
	})
	errs := []error{nil, nil, errDown, errDown, context.Canceled, statusError(404), statusError(429)}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				r.ready()
				r.run(1, errs[rand.IntN(len(errs))])
			}
		})
		wg.Go(func() {
			for range 200 {
				r.group.Circuits()
				r.group.State("a:1")
			}
		})
	}
	wg.Wait()
}

// TestSuccessEndsARowThatCameInParallel: whatever calls did at the same time, a
// success after them ends the row of failures.
func TestSuccessEndsARowThatCameInParallel(t *testing.T) {
	for range 300 {
		r := newRig(t, breaker.Config{Consecutive: 50, MinCalls: 1e6, Window: time.Hour})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { r.run(10, errDown) })
			wg.Go(func() { r.run(10, nil) })
		}
		wg.Wait()
		r.run(1, nil)
		r.run(49, errDown)
		r.wantReady(true, "after 49 failures in a row")
		r.run(1, errDown)
		r.wantReady(false, "after 50")
	}
}

// TestOpenForEver is as long as a Duration can be: a fifth more is not negative.
func TestOpenForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			r := newRig(t, breaker.Config{OpenFor: math.MaxInt64, MaxOpen: math.MaxInt64})
			r.run(5, errDown)
			r.wantReady(false, "after the fifth failure in a row")
		}
	})
}
