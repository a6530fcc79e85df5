package sim

import (
	"testing"
	"time"
)

// TestDefaultStaysWithinBounds plays a few short cells with the default. They
// repeat bit for bit, so a failure is a change of the balancer, and says what it
// costs. The bounds leave room for a better one to differ, not for a worse one.
func TestDefaultStaysWithinBounds(t *testing.T) {
	t.Parallel()
	type cell struct {
		scenario string
		ratio    float64 // of p99 to the central queue's; not looked at if 0
		errors   float64 // share
		back     time.Duration
	}
	for _, tt := range sometimes([]cell{
		{scenario: "S1", ratio: 1.10},
		{scenario: "S2", ratio: 1.25},
		{scenario: "S4", ratio: 1.50},
		{scenario: "S5b", ratio: 1.70, errors: .0001},
		{scenario: "S9", ratio: 1.25},
		{scenario: "S10", ratio: 1.70},
		{scenario: "S11", ratio: 1.30},
		{scenario: "S7", errors: .005},
		{scenario: "S7b", errors: .005},
		{scenario: "S7c", errors: .008}, // 100 clients find out by 5 calls or so each, in 10 s
		{scenario: "S8", errors: .004},
		{scenario: "S15", errors: .005, back: 15 * time.Second},
	}, 2) {
		sc := scenario(t, tt.scenario, 10*time.Second)
		if racing {
			sc.Warmup, sc.Length = second, 4*second
		}
		if tt.back > 0 {
			sc.Length = 24 * time.Second
		}
		got := play(t, sc, named(t, "adaptive"), 1)
		if got.ErrorShare > tt.errors {
			t.Errorf("%s: %.3f %% of calls fail; want no more than %.3f %%", tt.scenario, 100*got.ErrorShare, 100*tt.errors)
		}
		if tt.ratio > 0 {
			if r := float64(got.P99) / float64(play(t, sc, named(t, "central"), 1).P99); r > tt.ratio {
				t.Errorf("%s: p99 is %.2f times the central queue's; want no more than %.2f", tt.scenario, r, tt.ratio)
			}
		}
		if tt.back > 0 && (got.Back < 0 || got.Back > tt.back) {
			t.Errorf("%s: the server is back after %s; want within %s", tt.scenario, got.Back, tt.back)
		}
	}
}
