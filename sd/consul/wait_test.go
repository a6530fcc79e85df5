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
		spent := func(times int, instances int, news bool, want time.Duration) {
			t.Helper()
			start = time.Now()
			for range times {
				l.wait(t.Context(), instances, news)
			}
			if d := time.Since(start); d != want {
				t.Errorf("%d answers (news: %v) of %d instances were spaced over %v, want %v", times, news, instances, d, want)
			}
		}
		spent(10_000, 20, true, 0)
		spent(10, 1000, true, 10*1000*restEach)
		spent(1, 1_000_000, true, longest)
		spent(burst, 0, false, 0)
		spent(4, 0, false, 4*refill)
		spent(1, 5000, false, 5000*restEach)
		time.Sleep(time.Hour)
		spent(burst+1, 0, false, refill)
		ctx, cancel := context.WithTimeout(t.Context(), refill/2)
		defer cancel()
		if l.wait(ctx, 0, false) {
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
