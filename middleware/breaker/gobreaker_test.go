package breaker_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
)

// TestGobreakerItself shows the traps in gobreaker, as far as a test can live
// with them. Where it fails after an update, a trap has gone, and with it a
// reason for a part of this package.
func TestGobreakerItself(t *testing.T) {
	for name, trap := range map[string]func(t *testing.T){
		"1 a probe that hangs":      func(t *testing.T) { probeThat(t, func() { time.Sleep(time.Hour) }) },
		"1 a probe that exits":      func(t *testing.T) { probeThat(t, runtime.Goexit) },
		"2 calls beyond the window": longCalls,
		"3 calls in flight":         callsInFlight,
		"5 cancels open it":         cancelsOpen,
		"5 excluded probes":         excludedProbes,
		"6 a panic is a success":    panicIsSuccess,
		"6 done twice":              doneTwice,
		"7 the open time is fixed":  fixedOpenTime,
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, trap) })
	}
}

type bareBreaker = gobreaker.CircuitBreaker[any]

func fails() (any, error)    { return nil, errDown }
func succeeds() (any, error) { return nil, nil }

func newBare(st gobreaker.Settings) *bareBreaker { return gobreaker.NewCircuitBreaker[any](st) }

// opened returns one that is open, and whose timeout of a second is over.
func opened(t *testing.T, st gobreaker.Settings) *bareBreaker {
	t.Helper()
	st.Timeout = time.Second
	cb := newBare(st)
	for range 6 {
		_, _ = cb.Execute(fails)
	}
	if cb.State() != gobreaker.StateOpen {
		t.Fatalf("%v after 6 failures", cb.State())
	}
	time.Sleep(1001 * time.Millisecond)
	return cb
}

func probeThat(t *testing.T, hang func()) {
	cb := opened(t, gobreaker.Settings{})
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = cb.Execute(func() (any, error) { hang(); return nil, nil }) })
	time.Sleep(59 * time.Minute)
	if _, err := cb.Execute(succeeds); !errors.Is(err, gobreaker.ErrTooManyRequests) {
		t.Errorf("another probe after 59 minutes: %v", err)
	}
	wg.Wait()
}

func longCalls(t *testing.T) {
	for name, bucket := range map[string]time.Duration{"fixed": 0, "rolling": 100 * time.Millisecond} {
		cb := newBare(gobreaker.Settings{Interval: time.Second, BucketPeriod: bucket})
		for range 40 {
			_, _ = cb.Execute(func() (any, error) { time.Sleep(2 * time.Second); return nil, errDown })
		}
		if n := cb.Counts(); n.TotalFailures > 0 || cb.State() != gobreaker.StateClosed {
			t.Errorf("%s window: %+v of 40 failures", name, n)
		}
	}
}

func callsInFlight(t *testing.T) {
	cb := newBare(gobreaker.Settings{ReadyToTrip: func(n gobreaker.Counts) bool { return n.TotalFailures*2 >= n.Requests }})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, _ = cb.Execute(func() (any, error) { time.Sleep(time.Second); return nil, nil })
		})
	}
	synctest.Wait()
	for range 50 {
		_, _ = cb.Execute(fails)
	}
	if cb.State() != gobreaker.StateClosed {
		t.Errorf("%v after 50 of 50 calls failed", cb.State())
	}
	wg.Wait()
}

func cancelsOpen(t *testing.T) {
	cb := newBare(gobreaker.Settings{})
	for range 6 {
		_, _ = cb.Execute(func() (any, error) { return nil, context.Canceled })
	}
	if cb.State() != gobreaker.StateOpen {
		t.Errorf("%v after 6 cancels", cb.State())
	}
}

func excludedProbes(t *testing.T) {
	cb := opened(t, gobreaker.Settings{IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) }})
	probes := 0
	for range 1000 {
		_, _ = cb.Execute(func() (any, error) { probes++; return nil, context.Canceled })
	}
	if probes != 1000 {
		t.Errorf("%d probes", probes)
	}
}

func panicIsSuccess(t *testing.T) {
	cb := newBare(gobreaker.Settings{IsSuccessful: func(err error) bool { return !errors.Is(err, errDown) }})
	func() {
		defer func() { _ = recover() }()
		_, _ = cb.Execute(func() (any, error) { panic("boom") })
	}()
	if n := cb.Counts(); n.TotalSuccesses != 1 {
		t.Errorf("%+v after a panic", n)
	}
}

func doneTwice(t *testing.T) {
	cb := gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{})
	done, err := cb.Allow()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		done(errDown)
	}
	if n := cb.Counts(); n.TotalFailures != 3 {
		t.Errorf("%+v after one call", n)
	}
}

func fixedOpenTime(t *testing.T) {
	cb := opened(t, gobreaker.Settings{})
	for range 10 {
		_, _ = cb.Execute(fails)
		time.Sleep(1001 * time.Millisecond)
		if cb.State() != gobreaker.StateHalfOpen {
			t.Fatalf("%v a timeout after a failed probe", cb.State())
		}
	}
}
