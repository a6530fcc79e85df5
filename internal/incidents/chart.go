package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// Where things stand, in pixels of a picture that a page shows at its own width.
const (
	width    = 900
	margin   = 16
	plotLeft = 64
	plotW    = width - plotLeft - margin - 16
	plotH    = 120
	headH    = 82
	panelGap = 44
)

// The colours, on white, those of the other pictures.
const (
	ink   = "#222"
	faint = "#555"
	grid  = "#e6e6e6"
	shade = "#fde3c4"
	bad   = "#b65c02"
	ours  = "#2f5f8f"
)

// panel is one diagram over time.
type panel struct {
	caption string
	log     bool
	lines   []line
}

// line is what one of the runs did, bin by bin.
type line struct {
	who    who
	values []float64
}

// who is told apart by stroke as well as by colour.
type who int

const (
	offered who = iota
	without
	with
)

func (w who) stroke() string {
	return [...]string{
		fmt.Sprintf(`stroke="%s" stroke-width="1.2" stroke-dasharray="2 3"`, faint),
		fmt.Sprintf(`stroke="%s" stroke-width="1.8" stroke-dasharray="6 3"`, bad),
		fmt.Sprintf(`stroke="%s" stroke-width="2.2"`, ours),
	}[w]
}

func (w who) String() string { return [...]string{"calls made", "without", "with the policies"}[w] }

// both are the lines of the two runs.
func both(r result, of func(*run) []float64) []line {
	return []line{{without, of(r.Without)}, {with, of(r.With)}}
}

// withOffered also has how many calls there were.
func withOffered(r result, of func(*run) []float64) []line {
	return append([]line{{offered, r.With.rate(patient)}}, both(r, of)...)
}

// canvas is a picture while it is drawn.
type canvas struct {
	strings.Builder

	length time.Duration // of the time axis
	fault  fault
	y      float64 // where the next part begins
}

// picture draws an incident as one SVG that needs nothing else: it brings its
// light ground along, tells runs apart not by colour alone, and says in words
// what it shows.
func picture(in incident, r result) string {
	c := &canvas{length: r.With.length, fault: fault{in.fault.label, in.fault.from, in.fault.to}, y: headH}
	seen := map[who]bool{}
	for _, p := range in.panels(r) {
		c.panel(p)
		for _, l := range p.lines {
			seen[l.who] = true
		}
	}
	c.legend(seen)
	return c.frame(in, in.story(r))
}

// frame puts the head and the ground around what was drawn.
func (c *canvas) frame(in incident, story string) string {
	height := int(c.y) + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc" `+
		`font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<title id="title">%s</title>`+"\n"+`<desc id="desc">%s</desc>`+"\n", html.EscapeString(in.title), html.EscapeString(story))
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%d" height="%d" rx="6" fill="#fff" stroke="#d0d7de"/>`+"\n", width-1, height-1)
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="16" font-weight="600" fill="%s">%s</text>`+"\n", margin, ink, html.EscapeString(in.title))
	fmt.Fprintf(&b, `<text x="%d" y="49" font-size="13" font-weight="600" fill="%s">%s</text>`+"\n", margin, ink, html.EscapeString(story))
	fmt.Fprintf(&b, `<text x="%d" y="67" fill="%s">%s</text>`+"\n", margin, faint, html.EscapeString(in.note))
	b.WriteString(c.Builder.String())
	b.WriteString("</svg>\n")
	return b.String()
}

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

func (c *canvas) text(x, y float64, more, text string) {
	c.add(`<text x="%.1f" y="%.1f" %s>%s</text>`, x, y, more, html.EscapeString(text))
}

// x is where a moment stands.
func (c *canvas) x(at time.Duration) float64 {
	return plotLeft + plotW*float64(at)/float64(c.length)
}

// panel draws one diagram.
func (c *canvas) panel(p panel) {
	c.text(plotLeft, c.y+14, fmt.Sprintf(`fill="%s" font-weight="600"`, ink), p.caption)
	top, bottom := c.y+24, c.y+24+plotH
	from, to := c.x(c.fault.from), c.x(c.fault.to)
	c.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>`, from, top, to-from, plotH, shade)
	s := scaleOf(p, bottom)
	for _, v := range s.ticks() {
		c.add(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="%s"/>`, plotLeft, plotLeft+plotW, s.y(v), s.y(v), grid)
		c.text(plotLeft-6, s.y(v)+4, fmt.Sprintf(`text-anchor="end" fill="%s" font-size="11"`, faint), fmt.Sprintf("%g", v))
	}
	for _, l := range p.lines {
		var points strings.Builder
		for i, v := range l.values {
			fmt.Fprintf(&points, "%.1f,%.1f ", c.x(time.Duration(i)*bin+bin/2), s.y(v))
		}
		c.add(`<polyline fill="none" %s points="%s"/>`, l.who.stroke(), strings.TrimSpace(points.String()))
	}
	c.add(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#999"/>`, plotLeft, plotLeft+plotW, bottom, bottom)
	for at := time.Duration(0); at <= c.length; at += time.Second {
		c.add(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#999"/>`, c.x(at), c.x(at), bottom, bottom+3)
		if at%(2*time.Second) == 0 {
			c.text(c.x(at), bottom+16, fmt.Sprintf(`text-anchor="middle" fill="%s" font-size="11"`, faint), fmt.Sprintf("%.0f s", at.Seconds()))
		}
	}
	c.y = bottom + panelGap - 14
}

// legend names the strokes that occur, and the fault.
func (c *canvas) legend(seen map[who]bool) {
	x := float64(plotLeft)
	for _, w := range []who{without, with, offered} {
		if !seen[w] {
			continue
		}
		c.add(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" %s/>`, x, x+30, c.y, c.y, w.stroke())
		c.text(x+38, c.y+4, fmt.Sprintf(`fill="%s"`, ink), w.String())
		x += 70 + 6.5*float64(len(w.String()))
	}
	c.add(`<rect x="%.1f" y="%.1f" width="20" height="12" fill="%s"/>`, x, c.y-6, shade)
	c.text(x+28, c.y+4, fmt.Sprintf(`fill="%s"`, ink), c.fault.label)
	c.y += 8
}

// scale maps values to pixels, or their logarithms.
type scale struct {
	from, to float64
	bottom   float64
	log      bool
}

func scaleOf(p panel, bottom float64) scale {
	s := scale{to: 1, bottom: bottom, log: p.log}
	for _, l := range p.lines {
		for _, v := range l.values {
			s.to = max(s.to, v)
		}
	}
	if p.log {
		s.from, s.to = 5, max(math.Pow(10, math.Ceil(math.Log10(s.to))), 10)
		return s
	}
	step := step(s.to)
	s.to = step * math.Ceil(s.to/step)
	return s
}

// step is between lines of the grid, of which there are at most five.
func step(most float64) float64 {
	for power := 1.0; ; power *= 10 {
		for _, s := range []float64{power, 2 * power, 5 * power} {
			if most/s <= 5 {
				return s
			}
		}
	}
}

func (s scale) ticks() (all []float64) {
	if s.log {
		for v := 10.0; v <= s.to; v *= 10 {
			all = append(all, v)
		}
		return all
	}
	by := step(s.to)
	for v := 0.0; v <= s.to; v += by {
		all = append(all, v)
	}
	return all
}

func (s scale) y(v float64) float64 {
	v = min(max(v, s.from), s.to)
	if s.log {
		return s.bottom - plotH*math.Log(v/s.from)/math.Log(s.to/s.from)
	}
	return s.bottom - plotH*(v-s.from)/(s.to-s.from)
}

// percent writes a share.
func percent(share float64) string {
	switch p := 100 * share; {
	case p == 0:
		return "0 %"
	case p >= 10:
		return fmt.Sprintf("%.0f %%", p)
	case p >= 1:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return fmt.Sprintf("%.2f %%", p)
	}
}

// millis writes milliseconds.
func millis(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.2f s", ms/1000)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
