package hedging

import (
	"testing"
	"time"
)

// TestThoseThatDoNotWinAreFew: a twentieth, and the whole share soon after they do.
func TestThoseThatDoNotWinAreFew(t *testing.T) {
	p := Planner{Percentile: 0.5, Share: Share{Ratio: 0.1}}
	now := time.Duration(0)
	run := func(win bool) (extra float64) {
		const calls = 20_000 // 20 s
		for range calls {
			p.Begin(now)
			if p.Withdraw(now) {
				extra++
				if win {
					p.Won(now)
				}
			}
			now += time.Millisecond
		}
		return extra / calls
	}
	for _, tt := range []struct {
		win      bool
		from, to float64
	}{{false, .004, .006}, {true, .09, .105}, {false, .004, .06}, {false, .004, .006}} {
		if got := run(tt.win); got < tt.from || got > tt.to {
			t.Errorf("win %t: %.4f per call; want %g to %g", tt.win, got, tt.from, tt.to)
		}
	}
}

func TestFirstOfFewCallsIsTried(t *testing.T) {
	p := Planner{Percentile: 0.5, Share: Share{Ratio: 0.03}}
	for range 40 { // in ten seconds
		p.Begin(0)
	}
	if !p.Withdraw(0) || p.Withdraw(0) {
		t.Error("want one, and no second: it has not won")
	}
}

func TestDelayFollowsTheLatency(t *testing.T) {
	p := Planner{Percentile: 0.9, Floor: time.Millisecond}
	if d, ok := p.Begin(0); ok {
		t.Errorf("an empty planner says %v", d)
	}
	now := time.Duration(0)
	run := func(took, want time.Duration) {
		t.Helper()
		for range 40 * 50 { // 40 s
			p.Begin(now)
			p.Learn(now, took)
			now += 20 * time.Millisecond
		}
		if d, ok := p.Begin(now); !ok || d < want*15/16 || d > want*17/16 {
			t.Errorf("calls of %v have a second after %v (%t), want %v", took, d, ok, want)
		}
	}
	run(50*time.Millisecond, 50*time.Millisecond)
	run(5*time.Millisecond, 5*time.Millisecond)
	run(10*time.Microsecond, time.Millisecond)
	if d, ok := p.Begin(now + time.Hour); ok {
		t.Errorf("an hour later it still says %v", d)
	}
}
