package main

import (
	"testing"
	"time"
)

// TestSmoke runs the rows that stand for the others.
func TestSmoke(t *testing.T) {
	if n := len(smokeRows()); n != 13 {
		t.Fatalf("%d smoke rows, want 13: one of smokeRows' names is no row", n)
	}
	// Other tests run at the same time. What is measured is not asserted here, but by
	// make faults.
	m := matrix{rows: smokeRows(), parallel: 5, logs: t.Output(), length: length{stretch: 4, overtime: 20 * time.Second, short: true}}
	m.runAll(t.Context(), func(r result) {
		printResult(t.Output(), r)
		if r.failed() || r.NotRun != "" {
			t.Errorf("row %s: %s%q", r.Row, r.NotRun, r.Violations)
		}
	})
}
