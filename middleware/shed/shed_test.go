package shed_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/shed"
)

const (
	cores    = 8
	work     = 10 * time.Millisecond
	capacity = float64(cores) / 0.010
)

// TestOverload has twice as many callers as the process can serve, seen by CPU,
// by waiting, and by both. Five seconds are for emptying the queue of before.
func TestOverload(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{"CPU", "waiting", "both"} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newProcess(cores, work)
				cfg := shed.Config{CPU: p.cpu, Wait: p.wait}
				switch signal {
				case "CPU":
					cfg.Wait = unknownWait
				case "waiting":
					cfg.CPU = unknownCPU
				}
				overload(t, &callers{call: shed.New(cfg)(p.serve)})
			})
		})
	}
}

func overload(t *testing.T, c *callers) {
	t.Helper()
	before, _ := c.offer(t, 0.7*capacity, 10*time.Second)
	early, _ := c.offer(t, 2*capacity, 5*time.Second)
	during, goodput := c.offer(t, 2*capacity, 30*time.Second)
	c.offer(t, 0.7*capacity, 3*time.Second)
	after, _ := c.offer(t, 0.7*capacity, 10*time.Second)
	time.Sleep(time.Minute) // all calls have ended

	for p := shed.Sheddable; p <= shed.Critical; p++ {
		t.Logf("priority %2d: at twice the capacity %5.1f%% are lost, and take %v", p, 100*during[p].lost(), during[p].latency.Round(time.Millisecond))
		if before[p].lost() > 0 || after[p].lost() > 0 {
			t.Errorf("priority %d: %.1f%% are lost at 70%% of capacity before overload, %.1f%% after it", p, 100*before[p].lost(), 100*after[p].lost())
		}
	}
	t.Logf("goodput is %.1f%% of capacity", 100*goodput/capacity)
	if goodput < 0.9*capacity {
		t.Errorf("goodput is %.0f of %.0f calls a second", goodput, capacity)
	}
	if early[shed.Critical].lost() > 0.01 || during[shed.Critical].lost() > 0.01 {
		t.Errorf("of the critical calls %.2f%%, later %.2f%% are lost", 100*early[shed.Critical].lost(), 100*during[shed.Critical].lost())
	}
	// Of twice the capacity, Sheddable is 0.6 and Normal 1.2: once the first are
	// gone, 0.4 or a little more of the capacity must go of the second.
	if during[shed.Sheddable].lost() < 0.9 || during[shed.Normal].lost() > 0.5 {
		t.Errorf("%.0f%% of the sheddable and %.0f%% of the normal calls are lost", 100*during[shed.Sheddable].lost(), 100*during[shed.Normal].lost())
	}
}

// TestFlood: five times the capacity, at once. The queue of the first moment is
// over in three seconds.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(cores, work)
		c := callers{call: shed.New(shed.Config{CPU: p.cpu, Wait: p.wait})(p.serve)}
		c.offer(t, 5*capacity, 4*time.Second)
		by, goodput := c.offer(t, 5*capacity, 10*time.Second)
		t.Logf("goodput is %.1f%% of capacity, %.1f%% of the critical calls are lost", 100*goodput/capacity, 100*by[shed.Critical].lost())
		if goodput < 0.9*capacity || by[shed.Critical].lost() > 0.01 {
			t.Errorf("goodput is %.0f of %.0f calls a second, %.1f%% of the critical calls are lost", goodput, capacity, 100*by[shed.Critical].lost())
		}
		time.Sleep(time.Minute)
	})
}

// TestCollapseWithoutShedding is why: the same load, without.
func TestCollapseWithoutShedding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(cores, work)
		c := callers{call: p.serve}
		c.offer(t, 2*capacity, 5*time.Second)
		_, goodput := c.offer(t, 2*capacity, 10*time.Second)
		t.Logf("without shedding, goodput is %.0f%% of capacity", 100*goodput/capacity)
		if goodput > 0.05*capacity {
			t.Errorf("%.0f good calls a second of %.0f: this load is no reason to shed", goodput, capacity)
		}
		time.Sleep(time.Minute)
	})
}

// rig is a shedder whose signals are set by the test, in a synctest bubble.
type rig struct {
	t    *testing.T
	cpu  float64
	call func(ctx context.Context) error
}

func newRig(t *testing.T, cfg shed.Config) *rig {
	t.Helper()
	r := &rig{t: t}
	if cfg.CPU == nil {
		cfg.CPU = func() (float64, bool) { return r.cpu, true }
	}
	cfg.Wait = unknownWait
	call := shed.New(cfg)(func(context.Context, any) (any, error) { return nil, nil })
	r.call = func(ctx context.Context) error { _, err := call(ctx, nil); return err }
	return r
}

// run makes n calls, one per millisecond, and returns how many were turned away.
func (r *rig) run(ctx context.Context, n int) (turnedAway int) {
	r.t.Helper()
	for range n {
		switch err := r.call(ctx); {
		case errors.Is(err, shed.ErrOverloaded):
			turnedAway++
		case err != nil:
			r.t.Error(err)
		}
		time.Sleep(time.Millisecond)
	}
	return turnedAway
}

func TestRejection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shed.Config{})
		r.cpu = 1
		afters := map[time.Duration]bool{}
		for range 5000 {
			time.Sleep(time.Millisecond)
			err := r.call(t.Context())
			if err == nil {
				continue
			}
			e, ok := errors.AsType[*shed.OverloadedError](err)
			if !ok || !errors.Is(err, shed.ErrOverloaded) || !e.NotSent() || !e.Rejected() || e.StatusCode() != 429 {
				t.Fatalf("%v is not the rejection", err)
			}
			if got := classify.Default(t.Context(), nil, err); got != classify.NotSent {
				t.Fatalf("classified as %v", got)
			}
			after, ok := e.RetryAfter()
			if !ok || after < 250*time.Millisecond || after > 750*time.Millisecond {
				t.Fatalf("RetryAfter is %v, %v", after, ok)
			}
			afters[after] = true
		}
		if len(afters) < 20 {
			t.Errorf("all who are turned away come again together: %v", afters)
		}
	})
}

// TestPriorities: the low go before any of the high, also if they are beyond the
// ones that have names.
func TestPriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shed.Config{})
		r.cpu = 1
		low, high := 0, 0
		for range 100 {
			low += r.run(shed.WithPriority(t.Context(), -100), 10)
			high += r.run(shed.WithPriority(t.Context(), 100), 10)
		}
		if low < 100 || high > 0 {
			t.Errorf("of 1000 low and 1000 high calls, %d and %d were turned away", low, high)
		}
	})
}

func TestPriorityOfTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := newRig(t, shed.Config{Priority: func(ctx context.Context, request any) shed.Priority {
			asked++
			return shed.Critical
		}})
		r.run(shed.WithPriority(t.Context(), shed.Sheddable), 10)
		if asked != 10 {
			t.Errorf("asked %d times for 10 calls", asked)
		}
	})
}

// TestArrived: the shortest wait counts, over two intervals.
func TestArrived(t *testing.T) {
	for _, tt := range []struct {
		name   string
		waited func(call int) time.Duration
		sheds  bool
	}{
		{"short", func(int) time.Duration { return 15 * time.Millisecond }, false},
		{"long", func(int) time.Duration { return 50 * time.Millisecond }, true},
		{"one in a hundred short", func(i int) time.Duration {
			if i%100 == 0 {
				return time.Millisecond
			}
			return time.Second
		}, false},
		{"from the future", func(int) time.Duration { return -time.Hour }, false},
		{"for a moment", func(i int) time.Duration {
			if i >= 500 && i < 750 {
				return 50 * time.Millisecond
			}
			return 0
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				r := newRig(t, shed.Config{CPU: unknownCPU, Arrived: func(context.Context) time.Time {
					calls++
					return time.Now().Add(-tt.waited(calls))
				}})
				if n := r.run(t.Context(), 2000); (n > 0) != tt.sheds {
					t.Errorf("%d of 2000 were turned away", n)
				}
			})
		})
	}
}

func TestArrivedUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shed.Config{Arrived: func(context.Context) time.Time { return time.Time{} }})
		if n := r.run(t.Context(), 2000); n > 0 {
			t.Errorf("%d of 2000 were turned away", n)
		}
	})
}

// TestForgets: what was seen long ago says nothing.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shed.Config{})
		r.cpu = 1
		if n := r.run(t.Context(), 10000); n == 0 {
			t.Fatal("nobody is turned away under overload")
		}
		time.Sleep(time.Minute)
		if n := r.run(t.Context(), 200); n > 0 {
			t.Errorf("%d of 200 were turned away after a minute of silence", n)
		}
	})
}

// TestNothingKeepsItFromLooking: a function of the user's that panics does so on
// the call that asked it; the next call asks again.
func TestNothingKeepsItFromLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		r := newRig(t, shed.Config{CPU: func() (float64, bool) {
			if broken {
				panic("no such file")
			}
			return 1, true
		}})
		time.Sleep(time.Second)
		for range 3 {
			func() {
				defer func() {
					if p := recover(); p != "no such file" {
						t.Errorf("recovered %v", p)
					}
				}()
				_ = r.call(t.Context())
			}()
		}
		broken = false
		if n := r.run(t.Context(), 5000); n == 0 {
			t.Error("it never looked again")
		}
	})
}

// TestPanicAndGoexit go on as themselves.
func TestPanicAndGoexit(t *testing.T) {
	for _, end := range []func(){func() { panic("boom") }, runtime.Goexit} {
		call := shed.New(shed.Config{})(func(context.Context, any) (any, error) { end(); return nil, nil })
		done := make(chan any)
		returned := false
		go func() {
			defer func() { done <- recover() }()
			_, _ = call(context.Background(), nil)
			returned = true
		}()
		if p := <-done; returned || p != nil && p != "boom" {
			t.Errorf("returned %v, recovered %v", returned, p)
		}
	}
}

func TestParallelCalls(t *testing.T) { // for the race detector, with the real signals
	usual := shed.New(shed.Config{
		Interval: time.Millisecond, MaxCPU: 0.01, MaxWait: 1,
		Arrived: func(context.Context) time.Time { return time.Now() },
	})
	var looking atomic.Int64
	counting := shed.New(shed.Config{Interval: time.Millisecond, CPU: func() (float64, bool) {
		defer looking.Add(-1)
		if n := looking.Add(1); n > 1 {
			t.Errorf("%d calls look at the CPU at a time", n)
		}
		return 0, true
	}})
	call := usual(counting(func(context.Context, any) (any, error) { return nil, nil }))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			ctx := shed.WithPriority(context.Background(), shed.Priority(i%3-1))
			for range 5000 {
				_, _ = call(ctx, nil)
			}
		})
	}
	wg.Wait()
}

// TestNoNumber: a share of nothing is unknown, and does not stay.
func TestNoNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, share := range []float64{math.NaN(), math.Inf(1), -1} {
			r := newRig(t, shed.Config{})
			r.cpu = share
			if n := r.run(t.Context(), 1000); n > 0 {
				t.Errorf("%v: %d of 1000 were turned away", share, n)
			}
			r.cpu = 1
			if n := r.run(t.Context(), 5000); n == 0 {
				t.Errorf("after %v, nobody is turned away under overload", share)
			}
			r.cpu = 0
			r.run(t.Context(), 5000)
			if n := r.run(t.Context(), 1000); n > 0 {
				t.Errorf("after %v and overload, %d of 1000 were turned away", share, n)
			}
		}
	})
}
