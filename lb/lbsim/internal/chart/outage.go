package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

const (
	outageScenario = "S15"
	windowLength   = 250 * time.Millisecond // of sim.Result.Windows
	laneH          = 20
	laneGap        = 6
	laneW          = plotW - 104 // leaves room for when it was back
	most           = 2.0         // the top of a lane, in fair shares
)

// outage draws, for every balancer, the share of calls that a server has which
// fails for a while and recovers. It is empty if that was not played.
func outage(s *report.Summary) string {
	balancers := played(s, outageScenario)
	i := slices.IndexFunc(s.Scenarios, func(sc sim.Scenario) bool { return sc.Name == outageScenario })
	if len(balancers) == 0 || i < 0 {
		return ""
	}
	sc := s.Scenarios[i]
	t := span(sc)
	c := &canvas{y: headH + 20}
	top, bottom := float64(c.y-12), float64(c.y+(laneH+laneGap)*len(balancers))
	from, to := t.at(t.began), t.at(t.ended)
	c.rect(from, top, to-from, bottom-top, fmt.Sprintf(`fill="%s"`, shade))
	c.text((from+to)/2, top-6, fmt.Sprintf(`text-anchor="middle" fill="%s"`, bad), "fails every call")
	c.text(plotLeft+laneW+12, top-6, fmt.Sprintf(`fill="%s"`, faint), "80 % again after")
	var said []string
	for _, b := range balancers {
		cell := s.Cell(b, outageScenario)
		c.lane(b, shares(cell.Runs), t, fair(sc))
		back := "never"
		if cell.Back >= 0 {
			back = fmt.Sprintf("%.1f s", cell.Back.Seconds())
		}
		c.text(plotLeft+laneW+12, float64(c.y-laneGap-laneH/2)+4, fmt.Sprintf(`fill="%s"`, ink), back)
		said = append(said, b+" "+back)
	}
	t.axis(c, bottom+2)
	c.y = int(bottom) + 44
	c.text(margin, float64(c.y), fmt.Sprintf(`fill="%s"`, faint),
		fmt.Sprintf("A lane reaches from none to %g times the fair share of %s (dashed). Dark and bold: ours.", most, percent(fair(sc))))
	return c.frame("An outage: one of 20 servers fails every call, and recovers",
		fmt.Sprintf("Share of all calls that are sent to it. Simulated, %s.", seeds(s.Seeds)),
		"How long after its recovery the server has 80 % of its fair share again: "+strings.Join(said, ", ")+".")
}

// shares returns the share of calls of every window, over all seeds.
func shares(runs []sim.Result) (all []float64) {
	var calls, watched []int
	for _, r := range runs {
		for i, w := range r.Windows {
			if i == len(calls) {
				calls, watched = append(calls, 0), append(watched, 0)
			}
			calls[i] += w.All
			watched[i] += w.Watched
		}
	}
	for i := range calls {
		all = append(all, float64(watched[i])/float64(max(calls[i], 1)))
	}
	return all
}

// lane draws the shares of one balancer.
func (c *canvas) lane(balancer string, shares []float64, t times, fair float64) {
	bottom := float64(c.y + laneH)
	c.name(bottom-laneH/2+4, balancer)
	height := func(share float64) float64 { return bottom - laneH*min(share/fair/most, 1) }
	var points strings.Builder
	for i, share := range shares {
		left, right := t.at(time.Duration(i)*windowLength), t.at(time.Duration(i+1)*windowLength)
		fmt.Fprintf(&points, "%.1f,%.1f %.1f,%.1f ", left, height(share), right, height(share))
	}
	end := t.at(time.Duration(len(shares)) * windowLength)
	c.add(`<polygon points="%.1f,%.1f %s%.1f,%.1f" fill="%s" fill-opacity=".8"/>`, t.at(0), bottom, points.String(), end, bottom, colour(balancer))
	c.line(plotLeft, height(fair), plotLeft+laneW, height(fair), fmt.Sprintf(`stroke="%s" stroke-dasharray="3 2"`, ink))
	c.line(plotLeft, bottom, plotLeft+laneW, bottom, fmt.Sprintf(`stroke="%s"`, axis))
	c.y += laneH + laneGap
}

// times is the axis: from the end of the warm-up to that of the run.
type times struct{ length, began, ended time.Duration }

func span(sc sim.Scenario) times {
	t := times{length: sc.Length}
	if t.length == 0 {
		t.length = 30 * time.Second
	}
	warmup := sc.Warmup
	if warmup == 0 {
		warmup = 5 * time.Second
	}
	for _, f := range sc.Faults {
		t.began, t.ended = max(f.At-max(warmup, 0), 0), max(f.At+f.For-max(warmup, 0), 0)
	}
	return t
}

func (t times) at(d time.Duration) float64 {
	return plotLeft + laneW*min(float64(d)/float64(t.length), 1)
}

func (t times) axis(c *canvas, y float64) {
	const step = 2 * time.Second
	for d := t.ended % step; d <= t.length; d += step {
		c.line(t.at(d), y, t.at(d), y+4, fmt.Sprintf(`stroke="%s"`, axis))
		c.text(t.at(d), y+17, fmt.Sprintf(`text-anchor="middle" fill="%s"`, faint), fmt.Sprintf("%.0f s", (d-t.ended).Seconds()))
	}
}
