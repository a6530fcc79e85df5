package chart

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	holeScenario = "S7"
	holeMany     = "S7c" // the same with more clients
	holeRow      = 26
	holeFrom     = 0.0001 // the left end of the axis: 0.01 %
)

// blackHole draws, for every balancer, what share of calls a server takes down
// that fails at once. It is empty if that was not played.
func blackHole(s *report.Summary) string {
	balancers := played(s, holeScenario)
	if len(balancers) == 0 {
		return ""
	}
	c := &canvas{y: headH + 10}
	x := scale{from: holeFrom, to: 1, x: plotLeft, w: plotW - 52}
	top, bottom := float64(c.y), float64(c.y+holeRow*len(balancers)+4)
	for _, v := range x.decades() {
		c.line(x.at(v), top, x.at(v), bottom, fmt.Sprintf(`stroke="%s"`, grid))
		c.text(x.at(v), bottom+15, fmt.Sprintf(`text-anchor="middle" fill="%s"`, faint), percent(v))
	}
	var said []string
	for i, b := range balancers {
		y := top + float64(holeRow*i) + 4
		c.name(y+13, b)
		errors := s.Cell(b, holeScenario).Errors
		c.bar(x, y, 12, errors, b, 1)
		if many := s.Cell(b, holeMany); many != nil {
			c.bar(x, y+13, 5, many.Errors, b, .55)
		}
		said = append(said, fmt.Sprintf("%s %s", b, percent(errors)))
	}
	if fair := fairOf(s, holeScenario); fair > 0 {
		c.line(x.at(fair), top, x.at(fair), bottom, fmt.Sprintf(`stroke="%s" stroke-dasharray="3 2"`, bad))
		c.text(x.at(fair), top-5, fmt.Sprintf(`text-anchor="middle" fill="%s"`, bad), "its fair share")
	}
	c.y = int(bottom) + 38
	note := "Thick: 10 clients."
	if len(played(s, holeMany)) > 0 {
		note = "Thick bars: 10 clients, thin ones: 100."
	}
	c.text(margin, float64(c.y), fmt.Sprintf(`fill="%s"`, faint), note+" What is less than 0.01 % has no bar. The axis is logarithmic. Dark and bold: ours.")
	return c.frame("A black hole: one of 20 servers fails every call within a millisecond",
		fmt.Sprintf("Share of calls that failed, without retries. Simulated, %s.", seeds(s.Seeds)),
		"Share of calls that failed: "+strings.Join(said, ", ")+".")
}

// bar draws a share, and writes it behind a bar that is thick enough.
func (c *canvas) bar(x scale, y, h, share float64, balancer string, opacity float64) {
	end := x.at(share)
	c.rect(x.x, y, end-x.x, h, fmt.Sprintf(`fill="%s" fill-opacity="%g"`, colour(balancer), opacity))
	if h >= 10 {
		c.text(end+5, y+10, fmt.Sprintf(`font-size="11" fill="%s"`, ink), percent(share))
	}
}

// played returns the balancers that a scenario was played with.
func played(s *report.Summary, scenario string) (names []string) {
	for _, b := range s.Balancers {
		if s.Cell(b, scenario) != nil && !isBound(b) {
			names = append(names, b)
		}
	}
	return names
}

// fairOf returns the share that one of the scenario's servers ought to have.
func fairOf(s *report.Summary, scenario string) float64 {
	for _, sc := range s.Scenarios {
		if sc.Name == scenario && sc.Watch > 0 {
			return fair(sc)
		}
	}
	return 0
}

// fair is by count: servers of these scenarios are alike.
func fair(sc sim.Scenario) float64 { return 1 / float64(len(sc.Servers)) }
