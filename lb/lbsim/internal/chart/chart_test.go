package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// summary has one run of each kind of scenario, by a bound, ours and a peer.
func summary() *report.Summary {
	names := []string{"central", "adaptive", "some<one/p2c"}
	servers := make([]sim.Server, 20)
	scenarios := []sim.Scenario{
		{Name: "S1", Title: "all alike", Servers: servers, Latency: true},
		{Name: "S7", Servers: servers, Watch: 1},
		{Name: "S7c", Servers: servers, Watch: 1},
		{Name: "S15", Servers: servers, Watch: 1, Length: 24 * time.Second, Faults: []sim.Fault{{Kind: sim.Fail, Servers: []int{1}, At: 10 * time.Second, For: 5 * time.Second}}},
	}
	var runs []sim.Result
	for _, sc := range scenarios {
		for i, name := range names {
			r := sim.Result{
				Scenario: sc.Name, Policy: name, Seed: 1, Back: time.Duration(i-1) * time.Second,
				Mean: 10 * time.Millisecond, P50: 7 * time.Millisecond, P99: 50 * time.Millisecond, P999: 2 * time.Second, ErrorShare: float64(i) / 1000,
			}
			for w := range 4 * 24 {
				r.Windows = append(r.Windows, sim.Window{All: 100, Watched: w % 10})
			}
			runs = append(runs, r)
		}
	}
	s := report.Sum(scenarios, names, runs)
	hedges := []sim.Scenario{{Name: "H1", Title: "some are slow"}, {Name: "H2"}, {Name: "H3"}, {Name: "H3b"}}
	s.Hedging = report.Sum(hedges, []string{"adaptive", "adaptive+hedge"}, []sim.Result{
		{Scenario: "H1", Policy: "adaptive", P50: time.Millisecond, P99: time.Second, P999: 2 * time.Second},
		{Scenario: "H1", Policy: "adaptive+hedge", P50: time.Millisecond, P99: time.Second, P999: time.Second, Extra: .02},
	})
	return s
}

// TestPictures are well-formed, say in words what they show, run nothing, need
// nothing from elsewhere and stay inside of their frame.
func TestPictures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		draw func(*report.Summary) string
		says string
	}{
		"latency":   {latency, "geometric mean over the scenarios: adaptive 1.00, some<one/p2c 1.00."},
		"outage":    {outage, "its fair share again: adaptive 0.0 s, some<one/p2c 1.0 s."},
		"hedging":   {hedging, "H1, adaptive: 2000 ms, 0 %; H1, adaptive+hedge: 1000 ms, 2.0 %."},
		"blackhole": {blackHole, "Share of calls that failed: adaptive 0.10 %, some<one/p2c 0.20 %."},
	} {
		svg := c.draw(summary())
		d := xml.NewDecoder(strings.NewReader(svg))
		var words strings.Builder
		var height float64
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch e := token.(type) {
			case xml.CharData:
				words.Write(e)
			case xml.StartElement:
				if e.Name.Local == "svg" {
					height = number(t, attr(e, "height"))
				}
				inside(t, name, e, height)
			}
		}
		for _, want := range []string{c.says, "one seed"} {
			if !strings.Contains(words.String(), want) {
				t.Errorf("%s does not say %q:\n%s", name, want, &words)
			}
		}
	}
}

// inside checks one element.
func inside(t *testing.T, picture string, e xml.StartElement, height float64) {
	t.Helper()
	switch e.Name.Local {
	case "script", "image", "use", "foreignObject", "style":
		t.Errorf("%s has a %s", picture, e.Name.Local)
	}
	for _, a := range e.Attr {
		var limit float64
		switch a.Name.Local {
		case "x", "x1", "x2", "cx":
			limit = width
		case "y", "y1", "y2", "cy":
			limit = height
		default:
			continue
		}
		if v := number(t, a.Value); v < 0 || v > limit {
			t.Errorf("%s: %s %s=%g is outside", picture, e.Name.Local, a.Name.Local, v)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) {
		t.Errorf("%q is no number", s)
	}
	return v
}

func TestScale(t *testing.T) {
	t.Parallel()
	s := scale{from: 10, to: 1000, x: 100, w: 200}
	for v, want := range map[float64]float64{10: 100, 100: 200, 1000: 300, 1: 100, 0: 100, 1e9: 300} {
		if got := s.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%g is at %g, want %g", v, got, want)
		}
	}
	if diff := cmp.Diff([]float64{10, 100, 1000}, s.decades()); diff != "" {
		t.Error(diff)
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ v, below, above float64 }{
		{1, 1, 1}, {7.4, 5, 10}, {2000, 2000, 2000}, {2001, 2000, 5000}, {.3, .2, .5}, {0, 1, 1},
	} {
		if below, above := round(c.v, false), round(c.v, true); math.Abs(below-c.below) > 1e-9 || math.Abs(above-c.above) > 1e-9 {
			t.Errorf("%g is between %g and %g, want %g and %g", c.v, below, above, c.below, c.above)
		}
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	got := shares([]sim.Result{
		{Windows: []sim.Window{{All: 10, Watched: 1}, {}}},
		{Windows: []sim.Window{{All: 30, Watched: 3}, {}, {All: 4, Watched: 4}}},
	})
	if diff := cmp.Diff([]float64{.1, 0, 1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	files, err := Write(folder, summary())
	if err != nil || len(files) != 4 {
		t.Errorf("%v, %v", files, err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 4 {
		t.Errorf("%v, %v", entries, err)
	}
	if err := Check(folder); err != nil {
		t.Error(err)
	}
	none := filepath.Join(folder, "none")
	if err := Check(none); err == nil || !strings.Contains(err.Error(), none) {
		t.Errorf("%v, want the folder's name", err)
	}
	if _, err := Write(none, summary()); err == nil {
		t.Error("writes into a folder that is not there")
	}
	if _, err := Write(folder, report.Sum(nil, nil, nil)); err == nil {
		t.Error("draws nothing, and says nothing")
	}
}
