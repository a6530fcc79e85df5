package sim

import (
	"testing"
	"time"
)

func TestHedgingIsValid(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, sc := range append(Catalogue(), Hedging()...) {
		if err := sc.Validate(); err != nil {
			t.Error(err)
		}
		if seen[sc.Name] || sc.Title == "" {
			t.Errorf("%s is there twice, or without a title", sc.Name)
		}
		seen[sc.Name] = true
	}
}

// way returns one of Hedges.
func way(t *testing.T, name string) Policy {
	t.Helper()
	for _, p := range Hedges() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no way %s", name)
	return Policy{}
}

// TestHedgesStayWithinBounds says what second attempts must gain and may cost.
func TestHedgesStayWithinBounds(t *testing.T) {
	t.Parallel()
	type cell struct {
		scenario  string
		balancer  string
		length    time.Duration
		p99, p999 float64 // at most, as a multiple of that without
	}
	for _, tt := range sometimes([]cell{
		{"H1", "adaptive", 10 * second, 1, .2},
		{"H2", "round_robin", 5 * second, .7, .7},
		{"H3b", "adaptive", 5 * second, 1.05, 1.05},
		{"H4", "adaptive", 10 * second, 1.05, 1.05},
		{"H3", "adaptive", 5 * second, 1.05, 1.05},
	}, 1) {
		sc := scenario(t, tt.scenario, tt.length)
		if racing {
			sc.Warmup, sc.Length = second, 2*second
		}
		with := play(t, sc, way(t, tt.balancer+"+hedge"), 1)
		if with.Extra > .03 || with.Extra == 0 {
			t.Errorf("%s: %.2f %% second attempts; want some, and 3 %% at most", tt.scenario, 100*with.Extra)
		}
		without := play(t, sc, way(t, tt.balancer), 1)
		if with.Calls != without.Calls || with.Succeeded+with.Failed+with.TimedOut != with.Calls {
			t.Errorf("%s: %d calls of %d, of which %d, %d and %d ended", tt.scenario, with.Calls, without.Calls, with.Succeeded, with.Failed, with.TimedOut)
		}
		if racing {
			continue // two seconds are too short for planners to learn
		}
		if r := float64(with.P99) / float64(without.P99); r > tt.p99 {
			t.Errorf("%s: p99 is %s, %.2f times that without; want no more than %.2f", tt.scenario, with.P99, r, tt.p99)
		}
		if r := float64(with.P999) / float64(without.P999); r > tt.p999 {
			t.Errorf("%s: p99.9 is %s, %.2f times that without; want no more than %.2f", tt.scenario, with.P999, r, tt.p999)
		}
	}
}

func TestHedgesRepeat(t *testing.T) {
	t.Parallel()
	sc := Hedging()[0]
	sc.Warmup, sc.Length = second, second
	for _, p := range sometimes(Hedges(), 2) {
		a, b, c := play(t, sc, p, 3), play(t, sc, p, 3), play(t, sc, p, 4)
		if a.Mean != b.Mean || a.Extra != b.Extra || a.P999 != b.P999 {
			t.Errorf("%s: one seed, but\n%+v\n%+v", p.Name, a, b)
		}
		if a.Mean == c.Mean {
			t.Errorf("%s: another seed, but the same result", p.Name)
		}
	}
}
