package timeout_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/timeout"
)

// service takes the time that takes says, or as long as the caller waits.
type service struct {
	takes time.Duration
	err   error
	calls int
}

func (s *service) endpoint(ctx context.Context, _ any) (any, error) {
	s.calls++
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(s.takes):
		return nil, s.err
	}
}

// call makes a call with a deadline, and reports whether it was started.
func call(t *testing.T, e endpoint.Endpoint, deadline time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	start := time.Now()
	_, err := e(ctx, nil)
	rejected := errors.Is(err, timeout.ErrTooLate)
	if rejected && time.Since(start) != 0 {
		t.Errorf("rejected only after %v", time.Since(start))
	}
	return !rejected
}

// started makes n calls a tenth of a second apart and counts those started.
func started(t *testing.T, e endpoint.Endpoint, n int, deadline time.Duration) (count int) {
	t.Helper()
	for range n {
		if call(t, e, deadline) {
			count++
		}
		time.Sleep(100 * time.Millisecond)
	}
	return count
}

func TestMeasuredRejectsWhatCannotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 200 * time.Millisecond}
		e := timeout.New(timeout.Config{Measured: true})(s.endpoint)
		if n := started(t, e, 20, 100*time.Millisecond); n != 20 {
			t.Errorf("%d of 20 calls were started when nothing was known", n)
		}
		if n := started(t, e, 20, time.Second); n != 20 {
			t.Errorf("%d of 20 calls with enough time were started", n)
		}
		if n := started(t, e, 20, 100*time.Millisecond); n < 1 || n > 4 { // 2 s: the probes
			t.Errorf("%d of 20 calls with half of the time needed were started", n)
		}
		if n := started(t, e, 20, 300*time.Millisecond); n != 20 {
			t.Errorf("%d of 20 calls with little more than the time needed were started", n)
		}
	})
}

func TestMeasuredIsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := timeout.New(timeout.Config{})((&service{takes: 200 * time.Millisecond}).endpoint)
		started(t, e, 20, time.Second)
		if n := started(t, e, 20, 100*time.Millisecond); n != 20 {
			t.Errorf("%d of 20 calls were started", n)
		}
	})
}

// TestMeasuredDoesNotLockItselfOut: neither when the service becomes quick again
// nor when nothing succeeds any more.
func TestMeasuredDoesNotLockItselfOut(t *testing.T) {
	for name, tt := range map[string]struct {
		then   service
		within time.Duration // until nearly all calls are started
	}{
		"quick again":  {service{takes: time.Millisecond}, 30 * time.Second},
		"down":         {service{takes: time.Millisecond, err: errors.New("down")}, 30 * time.Second},
		"slow as ever": {service{takes: 200 * time.Millisecond}, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{takes: 200 * time.Millisecond}
				e := timeout.New(timeout.Config{Measured: true})(s.endpoint)
				started(t, e, 100, time.Second)
				if n := started(t, e, 10, 100*time.Millisecond); n > 3 {
					t.Fatalf("%d of 10 calls without the time needed were started", n)
				}
				*s = tt.then
				for end := time.Now().Add(tt.within); time.Now().Before(end); {
					call(t, e, 100*time.Millisecond)
					time.Sleep(10 * time.Millisecond)
				}
				if n := started(t, e, 20, 100*time.Millisecond); n < 18 {
					t.Errorf("after %v, %d of 20 calls were started", tt.within, n)
				}
			})
		})
	}
}

// TestMeasuredProbesOneAtATime: of many who come at once, one is the probe.
func TestMeasuredProbesOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 200 * time.Millisecond}
		e := timeout.New(timeout.Config{Measured: true})(s.endpoint)
		started(t, e, 20, time.Second)
		before := s.calls
		for range 100 {
			call(t, e, time.Millisecond)
		}
		if n := s.calls - before; n != 1 {
			t.Errorf("%d of 100 calls that came together were started", n)
		}
	})
}
