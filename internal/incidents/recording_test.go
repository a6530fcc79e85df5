package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const second = time.Second

// madeUp is a run of four seconds with ten calls a second, of which those in the
// second and third fail after two seconds, and one caller in two is in a hurry.
func madeUp() *run {
	r := recorder{zero: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for i := range 40 {
		c := call{at: time.Duration(i) * second / 10, took: time.Duration(i) * time.Millisecond}
		if c.at >= second && c.at < 3*second {
			c.ending, c.took = failed, 2*second
		}
		leaves := c
		leaves.hurry, leaves.ending = true, left
		r.calls = append(r.calls, c, leaves)
		r.attempts = append(r.attempts, attempt{c.at, i%5 == 0})
	}
	r.calls = append(r.calls, call{at: -second, ending: failed}, call{at: second, ending: rejected})
	var bottom []sample
	for i := range 5 {
		bottom = append(bottom, sample{r.zero.Add(time.Duration(i) * second), int64(100 * i)})
	}
	return r.run(incident{length: 4 * second, fault: fault{"", second, 2 * second}}, bottom)
}

func TestNumbers(t *testing.T) {
	r := madeUp()
	want := numbers{Calls: 11, Failed: 10, Rejected: 1, Left: 10, Attempts: 10, First: 2, Bottom: 100, P50: 2000, P99: 2000, P999: 2000}
	if diff := cmp.Diff(want, r.Fault); diff != "" {
		t.Errorf("of the fault (-want +got):\n%s", diff)
	}
	if r.All.Calls != 41 || r.All.Succeeded != 20 || r.All.Bottom != 400 {
		t.Errorf("of all: %+v", r.All)
	}
	if r.Recovered != 1 {
		t.Errorf("recovered after %v s, want 1", r.Recovered)
	}
	if got := r.recovered(4 * second); got != -1 {
		t.Errorf("recovered after the end: %v", got)
	}
}

func TestSeries(t *testing.T) {
	r := madeUp()
	for name, tt := range map[string]struct {
		got         []float64
		first, last float64
	}{
		"made":     {r.rate(patient), 10, 10},
		"answered": {r.rate(answered), 10, 10},
		"lost":     {r.rate(lost)[5:15], 15, 10},
		"long":     {r.rate(long), 0, 0},
		"attempts": {r.attemptRate(func(a attempt) bool { return a.first }), 5, 0},
		"bottom":   {r.bottomRate(), 100, 100},
		"p99":      {r.latency(0.99, bin), 1, 39},
	} {
		got := []float64{tt.got[0], tt.got[len(tt.got)-1]}
		if diff := cmp.Diff([]float64{tt.first, tt.last}, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s, first and last (-want +got):\n%s", name, diff)
		}
	}
}
