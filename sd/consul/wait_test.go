package consul

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(), time.Now()
		for range burst {
			l.wait(t.Context())
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("a burst of %d took %v, want no time", burst, d)
		}
		for range 4 {
			l.wait(t.Context())
		}
		if d := time.Since(start); d != 4*refill {
			t.Errorf("four more took %v, want %v", d, 4*refill)
		}
		time.Sleep(time.Hour)
		start = time.Now()
		for range burst + 1 {
			l.wait(t.Context())
		}
		if d := time.Since(start); d != refill {
			t.Errorf("a burst and one after a quiet hour took %v, want %v", d, refill)
		}
		ctx, cancel := context.WithTimeout(t.Context(), refill/2)
		defer cancel()
		if l.wait(ctx) {
			t.Error("wait went on after ctx had ended")
		}
	})
}

func TestPauseGrowsToALimit(t *testing.T) {
	for failures, want := range map[int]time.Duration{0: 100 * time.Millisecond, 1: 200 * time.Millisecond, 5: 2 * time.Second, 1000: 2 * time.Second} {
		for range 100 {
			if d := pause(failures); d < want/2 || d > want*3/2 {
				t.Errorf("pause(%d) = %v, want about %v", failures, d, want)
			}
		}
	}
}
