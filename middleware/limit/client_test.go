package limit_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/limit"
)

// each makes the limit of one instance, and says what it is.
func each(t *testing.T, cfg limit.Config) (r *rig, ready func() bool, now func() int) {
	t.Helper()
	var stats func() limit.Stats
	cfg.OnNew = func(instance string, f func() limit.Stats) {
		if stats = f; instance != "a:1" {
			t.Errorf("the limit of %s", instance)
		}
	}
	mw, ready := limit.Each(cfg)("a:1")
	return newRig(t, mw), ready, func() int { return stats().Limit }
}

func TestClientBacksOff(t *testing.T) {
	type outcome struct {
		name string
		err  error
		want int
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []outcome{
		{"failure", statusError(503), 90},
		{"timeout", context.DeadlineExceeded, 90},
		{"too many", statusError(429), 90},
		{"connecting timed out", &net.OpError{Op: "dial", Err: context.DeadlineExceeded}, 90},
		{"connecting was refused", &net.OpError{Op: "dial", Err: errors.New("refused")}, 100},
		{"rejected further in", &limit.ExceededError{}, 100},
		{"its own fault", statusError(500), 100},
		{"business error", statusError(404), 100},
		{"the caller left", canceled.Err(), 100},
	} {
		r, _, now := each(t, limit.Config{Initial: 100})
		ctx := t.Context()
		if errors.Is(tt.err, context.Canceled) {
			ctx = canceled
		}
		_, _ = r.call(ctx, do(func(context.Context) (any, error) { return nil, tt.err }))
		if now() != tt.want {
			t.Errorf("%s: the limit is %d, want %d", tt.name, now(), tt.want)
		}
	}
}

// TestClientBacksOffOncePerRound: calls that fail together are one reason.
func TestClientBacksOffOncePerRound(t *testing.T) {
	r, ready, now := each(t, limit.Config{Initial: 10, Min: 5})
	var ends []func(error)
	for range 10 {
		ends = append(ends, r.begin())
	}
	if ready() {
		t.Error("ready with all slots taken")
	}
	for _, end := range ends {
		end(errDown)
	}
	if now() != 9 {
		t.Errorf("ten calls that failed together: the limit is %d, want 9", now())
	}
	for range 20 { // one after the other
		_ = r.run(errDown)
	}
	if now() != 5 {
		t.Errorf("the limit is %d, want Min", now())
	}
}

// TestClientGrowsWhenUsed by one per limit's worth of calls, and not otherwise.
func TestClientGrowsWhenUsed(t *testing.T) {
	r, _, now := each(t, limit.Config{Initial: 4, Max: 6})
	for range 1000 {
		_ = r.run(nil)
	}
	if now() != 4 {
		t.Fatalf("one call at a time: the limit is %d, want 4", now())
	}
	for want := 5; want <= 8; want++ {
		full := now()
		var ends []func(error)
		for range full - 1 {
			ends = append(ends, r.begin())
		}
		for range full { // always full when one of these ends
			_ = r.run(nil)
		}
		for _, end := range ends {
			end(nil)
		}
		if got := now(); got != min(want, 6) {
			t.Fatalf("the limit is %d after %d successes while full, want %d", got, full, min(want, 6))
		}
	}
}

func TestClientRejection(t *testing.T) {
	r, ready, _ := each(t, limit.Config{Initial: 1, Max: 1})
	end := r.begin()
	err := r.run(nil)
	e, ok := errors.AsType[*limit.ExceededError](err)
	if !ok || !errors.Is(err, limit.ErrExceeded) || e.Instance != "a:1" || e.Limit != 1 {
		t.Fatalf("%v is not the rejection", err)
	}
	if after, ok := e.RetryAfter(); ok || !e.NotSent() || !e.Rejected() || e.StatusCode() != 429 {
		t.Errorf("RetryAfter %v %v, NotSent %v, Rejected %v, StatusCode %d", after, ok, e.NotSent(), e.Rejected(), e.StatusCode())
	}
	if got := err.Error(); got != "concurrency limit exceeded: a:1 takes 1 calls at a time" {
		t.Error(got)
	}
	end(nil)
	if !ready() || r.run(nil) != nil {
		t.Error("not ready with nobody in flight")
	}
}

func TestInstancesHaveLimitsOfTheirOwn(t *testing.T) {
	guard := limit.Each(limit.Config{Initial: 1, Max: 1})
	mwA, readyA := guard("a:1")
	_, readyB := guard("b:1")
	end := newRig(t, mwA).begin()
	defer end(nil)
	if readyA() || !readyB() {
		t.Errorf("a is ready: %v, b: %v", readyA(), readyB())
	}
}

// TestClientFollowsCapacity has twice as many callers as an instance serves. It
// turns away whoever finds 2 calls per worker there, and loses three quarters of
// its workers for a while. A rejection costs it nothing, so goodput hardly
// suffers without the limit; what the limit spares are the calls sent in vain.
func TestClientFollowsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			workers = 32
			work    = 50 * time.Millisecond
			load    = 2 * workers / 0.050
		)
		s := newService(workers, work)
		var room, inside, turnedAway atomic.Int64
		r, _, now := each(t, limit.Config{Initial: 20})
		r.next = func(ctx context.Context, request any) (any, error) {
			defer inside.Add(-1)
			if inside.Add(1) > room.Load() {
				turnedAway.Add(1)
				return nil, statusError(429)
			}
			return s.serve(ctx, request)
		}
		c := callers{call: r.call}
		for _, change := range []struct {
			what    string
			do      func()
			workers float64
		}{
			{"start", func() {}, workers},
			{"a quarter", func() { s.lose(workers * 3 / 4) }, workers / 4},
			{"all", func() { s.gain(workers * 3 / 4) }, workers},
		} {
			capacity := change.workers / work.Seconds()
			room.Store(int64(2 * change.workers))
			change.do()
			c.offer(t, load, 10*time.Second)
			turnedAway.Store(0)
			got := c.offer(t, load, 20*time.Second)
			vain := float64(turnedAway.Load()) / (load * 20)
			t.Logf("%-10s goodput %3.0f%% of capacity, latency %.1f times that without load, %.2f%% of the calls sent in vain; limit %d",
				change.what, 100*got.rate/capacity, times(got.latency, work), 100*vain, now())
			if got.rate < 0.9*capacity || vain > 0.02 {
				t.Errorf("%s: goodput %.0f of %.0f a second, %.1f%% of the calls in vain", change.what, got.rate, capacity, 100*vain)
			}
		}
		time.Sleep(time.Minute)
	})
}

// TestClientKeepsAQueueFromTimingOut: an instance that queues whatever comes is
// lost on impatient callers, unless they hold back.
func TestClientKeepsAQueueFromTimingOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			workers  = 32
			work     = 50 * time.Millisecond
			capacity = workers / 0.050
		)
		for _, limited := range []bool{false, true} {
			s := newService(workers, work)
			r, _, _ := each(t, limit.Config{Initial: 20, Max: 100000})
			r.next = func(ctx context.Context, _ any) (any, error) {
				ctx, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				done := make(chan struct{})
				go func() { // the work goes on, whoever waits
					defer close(done)
					_, _ = s.serve(ctx, nil)
				}()
				select {
				case <-done:
					return nil, nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			c := callers{call: r.call}
			if !limited {
				c.call = r.next
			}
			c.offer(t, 1.2*capacity, 20*time.Second)
			got := c.offer(t, 1.2*capacity, 20*time.Second)
			t.Logf("limited %v: goodput %.0f%% of capacity, latency %v", limited, 100*got.rate/capacity, got.latency)
			if !limited && got.rate > 0.05*capacity || limited && got.rate < 0.8*capacity {
				t.Errorf("limited %v: %.0f good calls a second of %.0f", limited, got.rate, capacity)
			}
			time.Sleep(time.Minute)
		}
	})
}
