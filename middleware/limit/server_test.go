package limit_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/limit"
)

// TestServerFollowsCapacity has half as many callers again as the service can
// serve, and more, while its capacity falls to a quarter and rises again, in both ways:
// fewer workers, and slower ones. The first ten seconds after a change are for
// finding out; in the next 35, goodput must be 90 % of the capacity, the cost of
// probes included, or 70 % if calls differ (exponentially; the worst of 40 runs
// was 79 %), and in the last 15, when there has been a probe for certain,
// calls must take no more than three times as long as without load.
func TestServerFollowsCapacity(t *testing.T) {
	t.Parallel()
	for name, random := range map[string]bool{"calls alike": false, "calls differ": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { follow(t, random) })
		})
	}
}

func follow(t *testing.T, random bool) {
	t.Helper()
	const (
		workers = 32
		work    = 50 * time.Millisecond
		load    = 1.5 * workers / 0.050
	)
	s := newService(workers, work)
	s.random = random
	least := 0.9
	if random {
		least = 0.7
	}
	var stats func() limit.Stats
	c := callers{call: limit.New(limit.Config{OnNew: func(_ string, f func() limit.Stats) { stats = f }})(s.serve)}
	for _, change := range []struct {
		what    string
		do      func()
		workers float64
		work    time.Duration
	}{
		{"start", func() {}, workers, work},
		{"a quarter of the workers", func() { s.lose(workers * 3 / 4) }, workers / 4, work},
		{"all workers", func() { s.gain(workers * 3 / 4) }, workers, work},
		{"calls take 4 times as long", func() { s.work.Store(int64(4 * work)) }, workers, 4 * work},
		{"calls take as long as before", func() { s.work.Store(int64(work)) }, workers, work},
	} {
		capacity := change.workers / change.work.Seconds()
		change.do()
		first := c.offer(t, load, 10*time.Second)
		then := c.offer(t, load, 20*time.Second)
		last := c.offer(t, load, 15*time.Second)
		goodput := (20*then.rate + 15*last.rate) / 35
		t.Logf("%-30s goodput %3.0f%%, then %3.0f%% of capacity; latency %.1f, %.1f, %.1f times that without load; limit %d",
			change.what, 100*first.rate/capacity, 100*goodput/capacity,
			times(first.latency, change.work), times(then.latency, change.work), times(last.latency, change.work), stats().Limit)
		if goodput < least*capacity {
			t.Errorf("%s: goodput is %.0f of %.0f a second", change.what, goodput, capacity)
		}
		if last.latency > 3*change.work {
			t.Errorf("%s: calls take %v, without load %v", change.what, last.latency, change.work)
		}
	}
	time.Sleep(time.Minute) // all calls have ended
}

func times(a, b time.Duration) float64 { return float64(a) / float64(b) }

// TestCollapseWithoutLimit is why: the same load, without.
func TestCollapseWithoutLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(64, 50*time.Millisecond)
		c := callers{call: s.serve}
		const capacity = 64 / 0.050
		c.offer(t, 2*capacity, 5*time.Second)
		got := c.offer(t, 2*capacity, 5*time.Second)
		t.Logf("without a limit, goodput is %.0f%% of capacity", 100*got.rate/capacity)
		if got.rate > 0.05*capacity {
			t.Errorf("%.0f good calls a second of %.0f: this load is no reason for a limit", got.rate, capacity)
		}
		time.Sleep(time.Minute)
	})
}

// TestServerLeavesAnUnusedLimitAlone: it proves nothing, and nobody is rejected.
func TestServerLeavesAnUnusedLimitAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(64, 50*time.Millisecond)
		var stats func() limit.Stats
		c := callers{call: limit.New(limit.Config{Initial: 200, OnNew: func(_ string, f func() limit.Stats) { stats = f }})(s.serve)}
		got := c.offer(t, 0.7*64/0.050, 30*time.Second)
		if got.rejected > 0 || got.late > 0 {
			t.Errorf("%d rejected, %d late at 70 %% load", got.rejected, got.late)
		}
		s.work.Store(int64(60 * time.Millisecond)) // slower, but it keeps up
		if got = c.offer(t, 0.7*64/0.050, 30*time.Second); got.rejected > 0 {
			t.Errorf("%d rejected at 84 %% load", got.rejected)
		}
		if got := stats(); got.Moves > 0 || got.Limit != 200 {
			t.Errorf("it moved: %+v", got)
		}
		time.Sleep(time.Minute)
	})
}

// TestServerRejection is what those get who come too many.
func TestServerRejection(t *testing.T) {
	r := newRig(t, limit.New(limit.Config{Name: "sum", Max: 2}))
	end1, end2 := r.begin(), r.begin()
	afters := map[time.Duration]bool{}
	for range 100 {
		err := r.run(nil)
		e, ok := errors.AsType[*limit.ExceededError](err)
		if !ok || !errors.Is(err, limit.ErrExceeded) || e.Limit != 2 || e.Instance != "sum" {
			t.Fatalf("%v is not the rejection", err)
		}
		if !e.NotSent() || !e.Rejected() || e.StatusCode() != 429 {
			t.Errorf("NotSent %v, Rejected %v, StatusCode %d", e.NotSent(), e.Rejected(), e.StatusCode())
		}
		after, ok := e.RetryAfter()
		if !ok || after < 50*time.Millisecond || after > 150*time.Millisecond {
			t.Errorf("RetryAfter %v, %v: want 50 to 150 ms", after, ok)
		}
		afters[after] = true
	}
	if len(afters) < 3 {
		t.Errorf("all come again together: %v", afters)
	}
	end1(nil)
	end2(errDown)
	if err := r.run(nil); err != nil {
		t.Errorf("rejected with nobody in flight: %v", err)
	}
}

// TestServerCountsWhatTheServiceDid: callers that go away at once and errors
// that come at once do not make it look quick.
func TestServerCountsWhatTheServiceDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(8, 20*time.Millisecond)
		var stats func() limit.Stats
		r := newRig(t, limit.New(limit.Config{Initial: 64, OnNew: func(_ string, f func() limit.Stats) { stats = f }}))
		r.next = s.serve
		c := callers{call: r.call}
		c.offer(t, 400/2, 5*time.Second) // base is known now
		for _, err := range []error{errDown, errCanceled} {
			for range 1000 {
				_ = r.run(err)
				time.Sleep(time.Millisecond)
			}
		}
		if moved := stats().Moves; moved > 0 {
			t.Errorf("the limit moved %d times", moved)
		}
		got := c.offer(t, 400/2, 5*time.Second)
		if moved := stats().Moves; got.rejected > 0 || moved > 0 {
			t.Errorf("%d rejected, moved %d times at half the load", got.rejected, moved)
		}
		time.Sleep(time.Minute)
	})
}

// TestServerOfCallsThatTakeNoTime: in a synctest bubble, or by a coarse clock.
func TestServerOfCallsThatTakeNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limit.New(limit.Config{Initial: 4}))
		for range 500 {
			var ends []func(error)
			for range 4 {
				ends = append(ends, r.begin())
			}
			for _, end := range ends {
				end(nil)
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}
