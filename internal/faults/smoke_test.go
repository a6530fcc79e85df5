package main

import (
	"testing"
)

// TestSmoke runs the ten rows that stand for the others.
func TestSmoke(t *testing.T) {
	if n := len(smokeRows()); n != 10 {
		t.Fatalf("%d smoke rows, want ten: one of smokeRows' names is no row", n)
	}
	m := matrix{rows: smokeRows(), parallel: 5, logs: t.Output()}
	m.runAll(t.Context(), func(r result) {
		printResult(t.Output(), r)
		if r.failed() || r.NotRun != "" {
			t.Errorf("row %s: %s%q", r.Row, r.NotRun, r.Violations)
		}
	})
}
