package main

import (
	"slices"
	"strings"
	"testing"
)

// TestSabotage switches mechanisms off in builds of their own, and wants the
// rows that guard them to fail. TestSmoke runs the same rows unharmed.
func TestSabotage(t *testing.T) {
	t.Parallel()
	smoke := smokeRows()
	for _, s := range sabotages() {
		if !slices.ContainsFunc(smoke, func(r row) bool { return r.name == s.row }) {
			t.Errorf("row %s, which guards %s, is not in smokeRows: nothing shows that it passes", s.row, s.mechanism)
		}
		t.Run(s.mechanism, func(t *testing.T) {
			t.Parallel()
			res, err := s.try(t.Context(), t.TempDir(), t.Output())
			if err != nil {
				t.Fatal(err)
			}
			if !res.failed() {
				t.Errorf("without %s, row %s passes: it does not guard it", s.mechanism, s.row)
			}
			for _, v := range res.Violations {
				t.Log(v)
				if strings.HasPrefix(v, "the row's process") {
					t.Errorf("row %s did not fail, but crash", s.row)
				}
			}
		})
	}
}

func TestSabotageOfOtherCode(t *testing.T) {
	s := sabotage{mechanism: "nothing", file: "sd/protect.go", old: "no such text", row: "6 etcd"}
	_, err := s.build(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "0 times, and should once: bring the patch in internal/faults up to date") {
		t.Errorf("error %v; want one that says what to bring up to date", err)
	}
}
