package chart

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
)

const (
	hedgesPerRow = 3  // panels
	hedgeExtra   = 44 // right of a row, for its second attempts
)

// hedging draws a panel for every scenario with second attempts, and in each a row
// for every way to make a call: from the median over the p99 to the p99.9, and how
// many second attempts that took. It is empty if none was played.
func hedging(s *report.Summary) string {
	if s = s.Hedging; s == nil {
		return ""
	}
	c := &canvas{y: headH - 12}
	from, to := extent(s, s.Scenarios)
	x := scale{from: from, to: to, w: (plotW-panelGap*(hedgesPerRow-1))/hedgesPerRow - hedgeExtra}
	for at := 0; at < len(s.Scenarios); at += hedgesPerRow {
		top := float64(c.y + panelTop)
		bottom := top + float64(rowH*len(s.Balancers))
		for i, b := range s.Balancers {
			c.name(top+float64(rowH*i)+11, b)
		}
		for i, sc := range s.Scenarios[at:min(at+hedgesPerRow, len(s.Scenarios))] {
			x.x = plotLeft + float64(i)*(x.w+hedgeExtra+panelGap)
			c.panel(s, sc, x, top, bottom)
			c.extras(s, sc.Name, x.x+x.w+7, top)
		}
		c.y = int(bottom) + blockGap
	}
	c.y -= 14
	c.key()
	c.y += rowH
	c.text(margin+106, float64(c.y), fmt.Sprintf(`fill="%s"`, faint), "Right of a row: second attempts, as a share of all calls.")
	c.y += 8
	for _, sc := range s.Scenarios {
		c.y += rowH
		c.text(margin, float64(c.y), fmt.Sprintf(`fill="%s" font-size="11"`, faint), sc.Name+": "+sc.Title)
	}
	return c.frame("Second attempts: what they gain, and what they cost",
		fmt.Sprintf("Simulated, %s; the axis is logarithmic. +hedge is ours; +kitex is a second attempt after a fixed delay, whatever comes.", seeds(s.Seeds)),
		hedgingStory(s))
}

// extras writes the share of second attempts beside the rows.
func (c *canvas) extras(s *report.Summary, scenario string, x, top float64) {
	for i, b := range s.Balancers {
		if cell := s.Cell(b, scenario); cell != nil && cell.Extra > 0 {
			c.text(x, top+float64(rowH*i)+11, fmt.Sprintf(`font-size="10" fill="%s"`, faint), percent(cell.Extra))
		}
	}
}

func hedgingStory(s *report.Summary) string {
	var said []string
	for _, sc := range s.Scenarios {
		for _, b := range s.Balancers {
			if cell := s.Cell(b, sc.Name); cell != nil {
				said = append(said, fmt.Sprintf("%s, %s: %.0f ms, %s", sc.Name, b, ms(cell.P999), percent(cell.Extra)))
			}
		}
	}
	return "The p99.9 and the share of second attempts. " + strings.Join(said, "; ") + "."
}
