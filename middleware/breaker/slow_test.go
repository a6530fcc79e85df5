package breaker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
)

func TestWhatOpensOfSlowCalls(t *testing.T) {
	const slow, fast = 2 * time.Second, time.Second // exactly SlowCall is fast
	type calls struct {
		n   int
		d   time.Duration
		err error
	}
	for _, tt := range []struct {
		name  string
		cfg   breaker.Config
		calls []calls
		open  bool
	}{
		{"half of 10", breaker.Config{}, []calls{{5, fast, nil}, {5, slow, nil}}, true},
		{"4 of 10", breaker.Config{}, []calls{{6, fast, nil}, {4, slow, nil}}, false},
		{"all of 9, too few to judge", breaker.Config{}, []calls{{9, slow, nil}}, false},
		{"all of 10", breaker.Config{}, []calls{{10, slow, nil}}, true},
		{"8 of 10 when all must be", breaker.Config{SlowRatio: 1}, []calls{{2, fast, nil}, {8, slow, nil}}, false},
		{"no call is slow", breaker.Config{SlowCall: time.Hour}, []calls{{100, slow, nil}}, false},
		{"business errors are answers", breaker.Config{}, []calls{{5, fast, nil}, {5, slow, statusError(404)}}, true},
		{"callers who waited in vain", breaker.Config{}, []calls{{50, slow, context.Canceled}}, false},
		{"429", breaker.Config{}, []calls{{50, slow, statusError(429)}}, false},
		{
			"slow failures are failures only",
			breaker.Config{Ratio: 0.8},
			[]calls{{5, fast, nil}, {4, slow, errDown}, {1, fast, nil}, {3, slow, errDown}},
			false,
		},
		{
			"a quarter slow and a quarter failed is neither",
			breaker.Config{Consecutive: 100},
			[]calls{{10, fast, nil}, {5, slow, nil}, {5, fast, errDown}},
			false,
		},
		{"a slow success ends a row", breaker.Config{}, []calls{{4, fast, errDown}, {1, slow, nil}, {4, fast, errDown}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.cfg.SlowCall == 0 {
					tt.cfg.SlowCall = time.Second
				}
				tt.cfg.Window = time.Hour
				r := newRig(t, tt.cfg)
				for _, c := range tt.calls {
					r.runFor(c.n, c.d, c.err)
				}
				r.wantReady(!tt.open, "at the end")
			})
		})
	}
}

func TestNoCallIsSlowByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.runFor(100, time.Hour, nil)
		r.wantReady(true, "after 100 calls of an hour each")
	})
}

func TestSlowCallsOlderThanTheWindowAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{SlowCall: 100 * time.Millisecond})
		for range 20 {
			r.runFor(4, time.Second, nil)
			r.run(6, nil)
			time.Sleep(10 * time.Second)
		}
		r.wantReady(true, "after 80 slow calls, 4 in any window")
		r.run(4, nil)
		r.runFor(5, 110*time.Millisecond, nil)
		r.wantReady(true, "after 5 of 9")
		r.runFor(1, 110*time.Millisecond, nil)
		r.wantReady(false, "after 6 of 10")
	})
}

// TestSlowProbe: an instance that is still slow is not back.
func TestSlowProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{SlowCall: time.Second, Window: time.Minute})
		r.runFor(10, 1500*time.Millisecond, nil)
		r.openTime()
		r.runFor(1, 1500*time.Millisecond, nil)
		r.wantReady(false, "after a probe that was slow")
		if d := r.openTime(); d < 8*time.Second || d > 12*time.Second {
			t.Errorf("open for %v after a slow probe, want 10s ± 20 %%", d)
		}
		r.runFor(1, time.Second, nil)
		r.wantReady(true, "after a probe that was not")
	})
}
