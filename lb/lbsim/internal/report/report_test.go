package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

func TestInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values     []float64
		mean, half float64
	}{
		{[]float64{3}, 3, 0},
		{[]float64{1, 3}, 2, 12.706},                  // s/√n is 1
		{[]float64{1, 2, 3}, 2, 4.303 / math.Sqrt(3)}, // s is 1
		{[]float64{2, 2, 2, 2}, 2, 0},
	} {
		mean, half := Interval(tt.values)
		if math.Abs(mean-tt.mean) > 1e-9 || math.Abs(half-tt.half) > 1e-9 {
			t.Errorf("of %v: %g ± %g; want %g ± %g", tt.values, mean, half, tt.mean, tt.half)
		}
	}
	for freedom, want := range map[int]float64{11: 2.201, 20: 2.086, 60: 2.000} {
		if got := student(freedom); math.Abs(got-want) > .01*want {
			t.Errorf("with %d degrees of freedom t is %g; want %g", freedom, got, want)
		}
	}
}

// results are two seeds of two scenarios.
func results() ([]sim.Scenario, []string, []sim.Result) {
	scenarios := []sim.Scenario{
		{Name: "S1", Latency: true},
		{Name: "S2", Latency: true},
		{Name: "S15", Watch: 1, Faults: []sim.Fault{{Kind: sim.Fail, Servers: []int{1}, For: time.Second}}},
		{Name: "R1"},
	}
	var all []sim.Result
	add := func(scenario, policy string, seed uint64, p99 time.Duration) {
		r := sim.Result{Scenario: scenario, Policy: policy, Seed: seed, P99: p99 * time.Millisecond, Mean: p99 * time.Millisecond / 5}
		if scenario == "S15" {
			r.ErrorShare, r.Watched, r.Back, r.Recovered, r.Fair = .01, .04, 2*time.Second, .05, .05
			if policy == "never" {
				r.Back = -1
			}
		}
		all = append(all, r)
	}
	for _, sc := range scenarios {
		add(sc.Name, "central", 1, 40)
		add(sc.Name, "central", 2, 50)
		add(sc.Name, "never", 1, 80)
		add(sc.Name, "never", 2, 100)
	}
	add("S1", "once", 1, 40)
	add("S15", "once", 1, 40)
	return scenarios, []string{"central", "never", "once"}, all
}

func TestRatiosAreOfTheSameSeed(t *testing.T) {
	t.Parallel()
	s := Sum(results())
	if c := s.Cell("never", "S1"); c.P99Ratio != 2 || c.RatioCI != 0 || c.P99 != 90*time.Millisecond {
		t.Errorf("never in S1: %+v", c)
	}
	if m, n := s.Mean("never", func(sc sim.Scenario) bool { return sc.Latency }); math.Abs(m-2) > 1e-9 || n != 2 {
		t.Errorf("the mean is %g of %d; want 2 of 2", m, n)
	}
	if m, n := s.Mean("nobody", robustness); m != 0 || n != 0 {
		t.Errorf("the mean of nobody is %g of %d", m, n)
	}
	if s.Cell("once", "S2") != nil {
		t.Error("a cell that was not played is there")
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Sum(results()).Write(&b)
	for _, want := range []string{
		"S1     S2  gmean\n", "never                    2.00   2.00   2.00\n", "45ms",
		"once                     1.00      -   1.00\n",
		"never                   1.00% /4.00% never 5.00%", "once                    1.00% /4.00% 2.0s 5.00%",
		"in other settings",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, b.String())
		}
	}
}

func TestJSONIsOneLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Sum(results()).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "\n") != 1 {
		t.Errorf("it has %d lines", strings.Count(b.String(), "\n"))
	}
	var d Document
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	never, once := d.Balancers["never"], d.Balancers["once"]
	if never.Gmean != 2 || never.GmeanOf != 2 || never.Robust != 2 || never.Scenarios["S1"].P99Ratio != 2 || d.Seeds != 2 {
		t.Errorf("never is %+v", never)
	}
	if e := never.Scenarios["S15"]; e.BackAfter == nil || *e.BackAfter != -1 || e.BadShare == 0 || e.BadShare != .04 {
		t.Errorf("never in S15 is %+v", e)
	}
	if e := once.Scenarios["S15"]; e.BackAfter == nil || *e.BackAfter != 2 || e.ErrorShare != .01 {
		t.Errorf("once in S15 is %+v", e)
	}
	if e := never.Scenarios["S1"]; e.BadShare != 0 || e.BackAfter != nil {
		t.Errorf("never in S1 is %+v", e)
	}
}
