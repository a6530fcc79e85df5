package lb

import (
	"math"
	"testing"
)

// The figures are Newcombe's, from the two papers of 1998 in Statistics in
// Medicine 17 that compare such intervals, at 95 %.
func TestWilsonPublished(t *testing.T) {
	for _, c := range []struct{ good, of, lo, hi float64 }{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
	} {
		lo, hi := wilson(c.good, c.of-c.good, 1.959964)
		if math.Abs(lo-c.lo) > 5e-5 || math.Abs(hi-c.hi) > 5e-5 {
			t.Errorf("%v of %v: [%.4f, %.4f], want [%.4f, %.4f]", c.good, c.of, lo, hi, c.lo, c.hi)
		}
	}
	if lo, hi := wilson(0, 0, 3); lo != 0 || hi != 1 {
		t.Errorf("nothing seen: [%v, %v]", lo, hi)
	}
}

func TestSurelyBelow(t *testing.T) {
	for _, c := range []struct {
		name                   string
		good, bad, good2, bad2 float64
		over                   bool // by more than a tenth
	}{
		{"five of ten, beside forty good", 5, 5, 40, 0, true},
		{"two of ten", 8, 2, 1000, 0, false},
		{"a fifth, of many", 800, 200, 4000, 0, true},
		{"a ninth, of many", 890, 110, 4000, 0, false},
		{"as bad as the others", 500, 500, 2000, 2000, false},
		{"better", 1000, 0, 500, 500, false},
		{"the others are unknown", 0, 100, 0, 0, false},
		{"nothing known", 0, 0, 100, 0, false},
		{"beside one", 0, 10, 1, 0, false},
	} {
		if got := surelyBelow(c.good, c.bad, c.good2, c.bad2, 0.1); got != c.over {
			t.Errorf("%s: below by more than a tenth: %v, want %v", c.name, got, c.over)
		}
	}
}

func TestLongRow(t *testing.T) {
	for _, c := range []struct{ f, want float64 }{{0, 0}, {0.5, 29.9}, {0.1, 9}, {1, math.Inf(1)}, {1 + 1e-15, math.Inf(1)}} {
		if got := longRow(c.f); math.Abs(got-c.want) > 0.01 && got != c.want {
			t.Errorf("if %v fail, %v in a row are odd, want %v", c.f, got, c.want)
		}
	}
}

func TestSurelyMost(t *testing.T) {
	for _, c := range []struct {
		part, all float64
		want      bool
	}{{0, 0, false}, {9, 9, false}, {10, 10, true}, {50, 100, false}, {60, 100, false}, {70, 100, true}, {5200, 10000, true}} {
		if got := surelyMost(c.part, c.all); got != c.want {
			t.Errorf("%v of %v: surely most is %v", c.part, c.all, got)
		}
	}
}
