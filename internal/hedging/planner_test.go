package hedging

import (
	"testing"
	"time"
)

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
