package breaker_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/sony/gobreaker/v2"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/classify"
)

// Each test here is named for a trap of gobreaker v2.4.0 that the wrapper must
// keep its users out of, and says first what gobreaker does. TestGobreakerItself
// shows it. Those named GoKit are of go-kit's circuitbreaker package.

// Trap 1: gobreaker waits for ever for a probe that does not end.
func TestTrap1_ProbeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{ProbeLease: 3 * time.Second})
		r.run(5, errDown)
		r.openTime()
		end := r.begin()
		r.wantReady(false, "during the probe")
		time.Sleep(3*time.Second - time.Millisecond)
		r.wantReady(false, "at the end of the lease")
		time.Sleep(time.Millisecond)
		r.wantReady(false, "after the lease, which counts as a failure")
		if d := r.openTime(); d < 8*time.Second || d > 12*time.Second {
			t.Errorf("open for %v after the lease, want 10s ± 20 %%", d)
		}
		second := r.begin()
		end(nil) // what the hanging probe has to say is old news
		r.wantReady(false, "while the second probe is under way")
		second(nil)
		r.wantReady(true, "after the second probe")
	})
}

// Trap 1: gobreaker does not look at a probe's deadline either.
func TestTrap1_ProbeThatHangsBeyondItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{ProbeLease: time.Hour})
		r.run(5, errDown)
		r.openTime()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, _ = r.call(ctx, do(func(context.Context) error { time.Sleep(time.Minute); return nil }))
		})
		synctest.Wait()
		if d := r.openTime(); d < 3*time.Second+8*time.Second || d > 3*time.Second+12*time.Second {
			t.Errorf("the next probe was %v after the first, want a deadline, a second and an open time", d)
		}
		wg.Wait()
	})
}

// Trap 1: gobreaker never hears of a probe that calls runtime.Goexit.
func TestTrap1_ProbeThatExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.run(5, errDown)
		r.openTime()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, _ = r.call(t.Context(), do(func(context.Context) error { runtime.Goexit(); return nil }))
		})
		wg.Wait()
		r.wantReady(false, "after the exit, which counts as a failure")
		r.openTime()
		r.begin()(nil)
		r.wantReady(true, "after the next probe")
	})
}

// Trap 2: gobreaker books a call where it began, and so never counts one that
// takes longer than its window.
func TestTrap2_CallsLongerThanTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{Window: time.Second})
		for range 5 {
			end := r.begin()
			defer end(errDown)
		}
		time.Sleep(time.Minute)
		var ends []func(error)
		for range 5 {
			ends = append(ends, r.begin())
		}
		time.Sleep(5 * time.Second)
		for _, end := range ends {
			end(errDown)
		}
		r.wantReady(false, "after 5 failures in a row of 5 s each")
	})
}

// Trap 3: gobreaker's number of requests has those in flight in it, as if they
// had not failed.
func TestTrap3_CallsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{Consecutive: 1000})
		for range 100 {
			end := r.begin()
			defer end(nil)
		}
		for range 5 {
			r.run(1, nil)
			r.wantReady(true, "before half of 10 calls failed")
			r.run(1, errDown)
		}
		r.wantReady(false, "after half of 10 calls failed")
	})
}

// Trap 4: gobreaker holds its lock during callbacks: one that asks it anything
// locks up, and one that blocks or panics does so to the calls. See also
// TestCallbackThatBlocksDelaysNobody and TestCallbackThatPanicsHarmsNobody.
func TestTrap4_CallbackMayCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *rig
		var states []breaker.State
		r = newRig(t, breaker.Config{OnStateChange: func(instance string, _, to breaker.State) {
			states = append(states, to)
			if status := r.status(); status.State != to || instance != status.Instance {
				t.Errorf("told that %s is %v, but it is %+v", instance, to, status)
			}
			r.wantReady(to == breaker.Closed, "in the callback")
			if to == breaker.Open && !r.rejects() {
				t.Error("the open circuit lets the callback's call through")
			}
		}})
		r.run(5, errDown)
		synctest.Wait()
		r.openTime()
		end := r.begin()
		synctest.Wait()
		end(nil)
		synctest.Wait()
		if want := []breaker.State{breaker.Open, breaker.HalfOpen, breaker.Closed}; !slices.Equal(states, want) {
			t.Errorf("changes: %v", states)
		}
	})
}

// Trap 5: gobreaker takes a caller's cancel for a failure, so that six of them
// open it; told to exclude them, it lets any number of probes through at a time.
func TestTrap5_CallersWhoCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.run(100, context.Canceled)
		r.wantReady(true, "after 100 cancels")
		r.run(5, errDown)
		r.openTime()
		for range 100 {
			end := r.begin()
			r.wantReady(false, "during a probe")
			end(context.Canceled)
			r.wantReady(true, "after a probe that told nothing")
		}
		r.run(1, nil)
		if got := r.told(); len(got) != 3 || got[2] != "half-open to closed" {
			t.Errorf("changes: %q", got)
		}
	})
}

// Trap 6: gobreaker asks the classifier what a panic means, which may call it a
// success, and its two-step form counts a call once for every done.
func TestTrap6_PanicIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{Classify: func(context.Context, any, error) classify.Outcome { return classify.Success }})
		boom := func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("recovered %v", got)
				}
			}()
			_, _ = r.call(t.Context(), do(func(context.Context) error { panic("boom") }))
		}
		for range 4 {
			boom()
		}
		r.wantReady(true, "after 4 panics, each counted once")
		boom()
		r.wantReady(false, "after 5 panics")
		r.openTime()
		boom()
		r.wantReady(false, "after a probe that panicked")
		r.openTime()
		r.run(1, nil)
		r.wantReady(true, "after a probe that did not")
	})
}

// Trap 7: gobreaker's open time neither grows nor varies, so that a fleet comes
// back together.
func TestTrap7_OpenTimeGrowsAndVaries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 20 {
			r := newRig(t, breaker.Config{})
			r.run(5, errDown)
			for i, want := range []time.Duration{5, 10, 20, 40, 60, 60, 60} {
				want *= time.Second
				d := r.openTime()
				if seen[d] = true; d < want*8/10 || d > want*12/10 {
					t.Errorf("open time %d is %v, want %v ± 20 %%", i+1, d, want)
				}
				r.run(1, errDown)
			}
			r.openTime()
			r.run(1, nil)
			r.run(5, errDown)
			if d := r.openTime(); d > 6*time.Second {
				t.Errorf("open for %v after it was closed, want the first open time", d)
			}
		}
		if len(seen) < 100 { // of 140 draws
			t.Errorf("only %d different open times", len(seen))
		}
	})
}

// Trap 8: gobreaker v2 has other types than v1, so that go-kit's wrapper does
// not take it.
func TestTrap8_IsAGoKitMiddleware(t *testing.T) {
	var chain endpoint.Middleware = endpoint.Chain(breaker.New(breaker.Config{Name: "addsvc"}))
	call := chain(func(context.Context, any) (any, error) { return nil, errDown })
	for range 5 {
		_, _ = call(t.Context(), nil)
	}
	_, err := call(t.Context(), nil)
	if !errors.Is(err, gobreaker.ErrOpenState) {
		t.Errorf("%v does not match gobreaker v2's ErrOpenState", err)
	}
}

// Trap 9: gobreaker's distributed breaker holds the lock of its store while the
// call runs. There is none here: a circuit is of one process.
func TestTrap9_NoLockDuringACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		var inside atomic.Int32
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, _ = r.call(t.Context(), do(func(context.Context) error {
					inside.Add(1)
					time.Sleep(time.Second)
					return nil
				}))
			})
		}
		synctest.Wait()
		if n := inside.Load(); n != 100 {
			t.Errorf("%d of 100 calls are under way together", n)
		}
		r.wantReady(true, "during the calls")
		wg.Wait()
	})
}

// GoKit B1: go-kit's wrapper counts every error, a caller's cancel too.
func TestGoKitB1_CallersWhoCancel(t *testing.T) {
	mw, ready := breaker.Each(breaker.Config{})("a:1")
	call := mw(func(ctx context.Context, _ any) (any, error) { return nil, ctx.Err() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		_, _ = call(ctx, nil)
	}
	if !ready() {
		t.Error("callers who cancelled have opened the circuit")
	}
}

// GoKit B2: go-kit's wrapper cannot count what an endpoint.Failer says.
func TestGoKitB2_FailersCountIfWanted(t *testing.T) {
	for name, tt := range map[string]struct {
		classify classify.Func
		failed   error
		open     bool
	}{
		"by default":              {nil, statusError(503), false},
		"if wanted":               {classify.Failers(nil), statusError(503), true},
		"if wanted, but business": {classify.Failers(nil), statusError(404), false},
	} {
		mw, ready := breaker.Each(breaker.Config{Classify: tt.classify})("a:1")
		call := mw(func(context.Context, any) (any, error) { return failer{tt.failed}, nil })
		for range 100 {
			_, _ = call(t.Context(), nil)
		}
		if ready() == tt.open {
			t.Errorf("%s: ready = %v after 100 responses that failed", name, ready())
		}
	}
}

type failer struct{ error }

func (f failer) Failed() error { return f.error }

// GoKit B4: go-kit's wrapper takes gobreaker v1, whose window does not roll and
// which excludes nothing. Ours rolls: failures on both sides of a whole window's
// edge add up.
func TestGoKitB4_WindowRolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		time.Sleep(9 * time.Second)
		r.run(3, errDown)
		time.Sleep(2 * time.Second)
		r.run(2, errDown)
		r.wantReady(false, "after 5 failures within 2 s, across the edge of 10 s")
	})
}
