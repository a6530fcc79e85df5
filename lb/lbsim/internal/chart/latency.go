package chart

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	perRow   = 6 // panels
	panelGap = 14
	panelTop = 34 // for its name
	rowH     = 15
	blockGap = 40
)

// latency draws a panel for every scenario of the latency table, and in each a
// row for every balancer: from the median over the p99 to the p99.9. It is empty
// if none was played.
func latency(s *report.Summary) string {
	var scenarios []sim.Scenario
	for _, sc := range s.Scenarios {
		if sc.Latency {
			scenarios = append(scenarios, sc)
		}
	}
	if len(scenarios) == 0 {
		return ""
	}
	c := &canvas{y: headH - 12}
	from, to := extent(s, scenarios)
	for at := 0; at < len(scenarios); at += perRow {
		c.block(s, scenarios[at:min(at+perRow, len(scenarios))], scale{from: from, to: to})
	}
	c.y -= 14
	c.key()
	c.y += 8
	for _, sc := range scenarios {
		c.y += rowH
		c.text(margin, float64(c.y), fmt.Sprintf(`fill="%s" font-size="11"`, faint), sc.Name+": "+sc.Title)
	}
	return c.frame("Latency by balancer and scenario",
		fmt.Sprintf("Simulated, %s; the axis is logarithmic. Dashed: the p99 of one queue before all servers.", seeds(s.Seeds)),
		latencyStory(s))
}

// extent returns the range of all latencies, in milliseconds.
func extent(s *report.Summary, scenarios []sim.Scenario) (from, to float64) {
	for _, sc := range scenarios {
		for _, b := range s.Balancers {
			if cell := s.Cell(b, sc.Name); cell != nil {
				if p50 := ms(cell.P50); from == 0 || p50 < from {
					from = p50
				}
				to = max(to, ms(cell.P999))
			}
		}
	}
	from = round(from, false)
	return from, max(round(to, true), 2*from)
}

// block draws panels beside each other.
func (c *canvas) block(s *report.Summary, scenarios []sim.Scenario, x scale) {
	top := c.y + panelTop
	bottom := top + rowH*len(s.Balancers)
	for i, b := range s.Balancers {
		c.name(float64(top+rowH*i)+11, b)
	}
	x.w = (plotW - panelGap*(perRow-1)) / perRow
	for i, sc := range scenarios {
		x.x = plotLeft + float64(i)*(x.w+panelGap)
		c.panel(s, sc, x, float64(top), float64(bottom))
	}
	c.y = bottom + blockGap
}

func (c *canvas) panel(s *report.Summary, sc sim.Scenario, x scale, top, bottom float64) {
	c.text(x.x, top-8, fmt.Sprintf(`font-weight="600" fill="%s"`, ink), sc.Name)
	c.rect(x.x, top, x.w, bottom-top, `fill="#fafafa"`)
	for _, v := range x.decades() {
		c.line(x.at(v), top, x.at(v), bottom, fmt.Sprintf(`stroke="%s"`, grid))
		c.text(x.at(v), bottom+13, fmt.Sprintf(`font-size="10" text-anchor="middle" fill="%s"`, faint), short(v))
	}
	if central := s.Cell(report.Reference, sc.Name); central != nil {
		at := x.at(ms(central.P99))
		c.line(at, top, at, bottom, fmt.Sprintf(`stroke="%s" stroke-dasharray="3 2"`, bad))
	}
	for i, b := range s.Balancers {
		if cell := s.Cell(b, sc.Name); cell != nil {
			c.quantiles(x, top+float64(rowH*i)+7.5, colour(b), ms(cell.P50), ms(cell.P99), ms(cell.P999))
		}
	}
}

// quantiles draws a line from the median, hollow, over the p99 to a bar at p99.9.
func (c *canvas) quantiles(x scale, y float64, colour string, p50, p99, p999 float64) {
	c.line(x.at(p50), y, x.at(p999), y, fmt.Sprintf(`stroke="%s" stroke-width="1.5"`, colour))
	c.line(x.at(p999), y-4, x.at(p999), y+4, fmt.Sprintf(`stroke="%s" stroke-width="1.5"`, colour))
	c.add(`<circle cx="%.1f" cy="%.1f" r="3" fill="#fff" stroke="%s" stroke-width="1.5"/>`, x.at(p50), y, colour)
	c.add(`<circle cx="%.1f" cy="%.1f" r="3.6" fill="%s"/>`, x.at(p99), y, colour)
}

// key explains the marks.
func (c *canvas) key() {
	y := float64(c.y)
	x := scale{from: 1, to: 100, x: margin + 4, w: 90}
	c.quantiles(x, y, ours, 1, 20, 100)
	c.text(margin+106, y+4, fmt.Sprintf(`fill="%s"`, faint), "median, p99, p99.9 of all calls; one that times out took 2 s. Dark and bold: ours.")
	c.y += 6
}

// latencyStory says what the table says.
func latencyStory(s *report.Summary) string {
	var said []string
	for _, b := range s.Balancers {
		if m, n := s.Mean(b, func(sc sim.Scenario) bool { return sc.Latency }); n > 0 && !isBound(b) {
			said = append(said, fmt.Sprintf("%s %.2f", b, m))
		}
	}
	if len(said) == 0 {
		return "Quantiles of the latency of every balancer in every scenario."
	}
	return "p99 as a multiple of that of one queue before all servers, geometric mean over the scenarios: " + strings.Join(said, ", ") + "."
}
