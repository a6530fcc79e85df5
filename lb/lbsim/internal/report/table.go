package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// Write prints the tables for which there is something to show.
func (s *Summary) Write(w io.Writer) {
	var latency, faults, settings []sim.Scenario
	for _, sc := range s.Scenarios {
		switch {
		case sc.Latency:
			latency = append(latency, sc)
		case robustness(sc):
			settings = append(settings, sc)
		default:
			faults = append(faults, sc)
		}
	}
	s.ratios(w, "p99, as a multiple of the central queue's", latency)
	s.faults(w, faults)
	s.ratios(w, "p99 in other settings, likewise", settings)
	if s.Hedging != nil {
		s.Hedging.hedges(w)
	}
}

// robustness says whether a scenario is one of R1 to R7.
func robustness(sc sim.Scenario) bool { return strings.HasPrefix(sc.Name, "R") }

const (
	nameWidth = 22
	cellWidth = 7
)

func (s *Summary) ratios(w io.Writer, title string, scenarios []sim.Scenario) {
	if len(scenarios) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s (mean of %d seeds; gmean is their geometric mean):\n\n%-*s", title, s.Seeds, nameWidth, "")
	in := make(map[string]bool)
	for _, sc := range scenarios {
		fmt.Fprintf(w, "%*s", cellWidth, sc.Name)
		in[sc.Name] = true
	}
	fmt.Fprintf(w, "%*s\n", cellWidth, "gmean")
	for _, b := range s.Balancers {
		s.row(w, b, scenarios, func(c *Cell) string {
			if b == Reference {
				return fmt.Sprintf("%dms", c.P99.Round(time.Millisecond).Milliseconds())
			}
			if c.P99Ratio == 0 {
				return "?"
			}
			return precise(c.P99Ratio)
		})
		if m, n := s.Mean(b, func(sc sim.Scenario) bool { return in[sc.Name] }); n > 0 && b != Reference {
			fmt.Fprintf(w, "%*s", cellWidth, precise(m))
		}
		fmt.Fprintln(w)
	}
	if s.Seeds > 1 {
		fmt.Fprintf(w, "\n%-*s", nameWidth, "± (95 %)")
		fmt.Fprintln(w)
		for _, b := range s.Balancers {
			if b != Reference {
				s.row(w, b, scenarios, func(c *Cell) string { return precise(c.RatioCI) })
				fmt.Fprintln(w)
			}
		}
	}
}

func (s *Summary) row(w io.Writer, balancer string, scenarios []sim.Scenario, show func(*Cell) string) {
	fmt.Fprintf(w, "%-*s", nameWidth, balancer)
	for _, sc := range scenarios {
		text := "-"
		if c := s.Cell(balancer, sc.Name); c != nil {
			text = show(c)
		}
		fmt.Fprintf(w, "%*s", cellWidth, text)
	}
}

func precise(v float64) string {
	if v >= 9.995 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (s *Summary) faults(w io.Writer, scenarios []sim.Scenario) {
	if len(scenarios) == 0 {
		return
	}
	fmt.Fprintf(w, "\nfaults: calls that failed or timed out, and the bad server's share of calls (mean of %d seeds);\n"+
		"after an outage, when it has 80 %% of its fair share again, and what it has from 5 s after it:\n\n%-*s", s.Seeds, nameWidth, "")
	for _, sc := range scenarios {
		fmt.Fprintf(w, "  %-*s", faultWidth(sc), sc.Name)
	}
	fmt.Fprintln(w)
	for _, b := range s.Balancers {
		fmt.Fprintf(w, "%-*s", nameWidth, b)
		for _, sc := range scenarios {
			fmt.Fprintf(w, "  %-*s", faultWidth(sc), s.fault(b, sc))
		}
		fmt.Fprintln(w)
	}
}

func recovers(sc sim.Scenario) bool {
	for _, f := range sc.Faults {
		if sc.Watch > 0 && f.For > 0 {
			return true
		}
	}
	return false
}

func faultWidth(sc sim.Scenario) int {
	switch {
	case recovers(sc):
		return 26
	case sc.Watch > 0:
		return 14
	default:
		return 7
	}
}

func (s *Summary) fault(balancer string, sc sim.Scenario) string {
	c := s.Cell(balancer, sc.Name)
	if c == nil {
		return "-"
	}
	text := percent(c.Errors)
	if sc.Watch > 0 {
		text += " /" + percent(c.Watched)
	}
	switch {
	case recovers(sc) && c.Back < 0:
		text += fmt.Sprintf(" never %s", percent(c.Recovered))
	case recovers(sc):
		text += fmt.Sprintf(" %.1fs %s", c.Back.Seconds(), percent(c.Recovered))
	}
	return text
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }
