package throttle

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoop closes the loop with a service that takes a quarter of what is
// wanted, then all, then nothing, then all again.
func TestLoop(t *testing.T) {
	for _, tt := range []struct {
		window time.Duration
		rate   int
		k      float64
	}{
		{2 * time.Minute, 1000, 2},
		{2 * time.Minute, 100, 2},
		{2 * time.Minute, 100, 1.25},
		{10 * time.Second, 1000, 2},
		{10 * time.Second, 100, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			capacity := float64(tt.rate) / 4
			r := newRig(t, Config{Window: tt.window, K: tt.k}, capacity)
			r.load(tt.rate, 2*tt.window)
			got, took := r.load(tt.rate, tt.window)
			if want := tt.k * took; got < 0.85*want || got > 1.15*want {
				t.Errorf("%+v: %v calls a second reach a service that takes %v, want about %v", tt, got, took, want)
			}
			if took < 0.85*capacity {
				t.Errorf("%+v: the service takes %v, but could take %v", tt, took, capacity)
			}

			r.recovers("after overload", tt.rate, tt.window)

			r.capacity = 0
			r.load(tt.rate, 2*tt.window)
			got, _ = r.load(tt.rate, tt.window)
			if most := 1.5 + 1.5*slots/tt.window.Seconds(); got < 0.9 || got > most {
				t.Errorf("%+v: %v calls a second reach a service that takes none, want the trickle of 1 and at most %v", tt, got, most)
			}
			r.recovers("after an outage", tt.rate, tt.window)
		})
	}
}

// TestFewCalls: a client that seldom calls learns within the trickle that the
// service is back, and is never cut off.
func TestFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Trickle: 10 * time.Second}, 0)
		r.coin = func() float64 { return 0 } // rejects whenever it may
		r.load(2, 5*time.Minute)
		if got, _ := r.load(2, 5*time.Minute); got != 0.1 {
			t.Errorf("%v calls a second go through, want one in 10 s", got)
		}
		r.coin = rand.Float64
		r.recovers("after an outage", 2, 2*time.Minute)
	})
}
