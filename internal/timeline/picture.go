package timeline

import (
	"cmp"
	"fmt"
	"html"
	"strings"
	"time"
)

// Where things stand, in pixels of a picture that a README shows at its own
// width. Left of the plot are names, right of it is room for the last labels.
const (
	width     = 900
	plotLeft  = 150
	plotW     = 640
	labelTop  = 76 // baseline of the first row of labels
	rowHeight = 16
	bandH     = 13
	bandGap   = 3
	barsH     = 34
	laneGap   = 16
	margin    = 16
)

// canvas is a picture while it is drawn.
type canvas struct {
	strings.Builder

	rec  *Recording
	bin  time.Duration // width of a bar
	y    int           // where the next part begins
	used map[string]bool
}

// Picture draws a recording as one SVG that needs nothing else: it brings its
// light ground along, tells every state by a pattern and not by colour alone,
// and says in words what it shows.
func Picture(rec *Recording) string {
	c := &canvas{rec: rec, bin: cmp.Or(rec.Bin, binOf(rec.To.Sub(rec.From))), used: map[string]bool{}}
	labels := layOut(rec, c.x)
	c.y = labelTop
	for _, l := range labels {
		c.y = max(c.y, labelTop+rowHeight*(l.row+1))
	}
	c.registry()
	for i := range rec.Lanes {
		c.lane(&rec.Lanes[i])
	}
	bottom := c.y - laneGap/2
	c.marks(labels, bottom)
	c.axis(bottom)
	c.measures()
	c.legend()
	return c.frame()
}

// frame puts the head and the ground around what was drawn.
func (c *canvas) frame() string {
	height := c.y + margin
	calls, failed := c.rec.counts()
	counts := fmt.Sprintf("%d calls, %d failed.", calls, failed)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc" `+
		`font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<title id="title">%s</title>`+"\n", html.EscapeString(c.rec.Title))
	fmt.Fprintf(&b, `<desc id="desc">%s</desc>`+"\n", html.EscapeString(counts+" "+c.story()))
	b.WriteString(patterns)
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%d" height="%d" rx="6" fill="#fff" stroke="#d0d7de"/>`+"\n", width-1, height-1)
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="16" font-weight="600" fill="#222">%s</text>`+"\n", margin, html.EscapeString(c.rec.Title))
	fmt.Fprintf(&b, `<text x="%d" y="49" font-size="13" fill="#222"><tspan font-weight="600">%s</tspan> %s</text>`+"\n",
		margin, counts, html.EscapeString(c.rec.Note))
	b.WriteString(c.Builder.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// x is where a moment stands.
func (c *canvas) x(at time.Time) float64 {
	return plotLeft + c.width(at.Sub(c.rec.From))
}

// width is how wide a time is.
func (c *canvas) width(d time.Duration) float64 {
	return plotW * float64(d) / float64(c.rec.To.Sub(c.rec.From))
}

// binOf is the time that one bar stands for: wide enough to be seen.
func binOf(window time.Duration) time.Duration {
	const most = 20 * time.Millisecond
	if window/60 < most {
		return most
	}
	return 50 * time.Millisecond
}

// axis is the time since the first mark.
func (c *canvas) axis(bottom int) {
	window := c.rec.To.Sub(c.rec.From)
	step := tick(window)
	for at := c.rec.Zero.Add(-c.rec.Zero.Sub(c.rec.From).Truncate(step)); !at.After(c.rec.To); at = at.Add(step) {
		fmt.Fprintf(c, `<text x="%.1f" y="%d" fill="#555" text-anchor="middle">%s</text>`+"\n", c.x(at), bottom+18, clock(at.Sub(c.rec.Zero), step))
		fmt.Fprintf(c, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#999"/>`+"\n", c.x(at), c.x(at), bottom, bottom+4)
	}
	fmt.Fprintf(c, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="#999"/>`+"\n", plotLeft, plotLeft+plotW, bottom, bottom)
	c.y = bottom + 42
}

// tick is the step of the axis that gives ten numbers, or not far fewer.
func tick(window time.Duration) time.Duration {
	for step := 10 * time.Millisecond; ; step *= 10 {
		for _, s := range []time.Duration{step, 2 * step, 5 * step} {
			if window/s <= 10 {
				return s
			}
		}
	}
}

// clock writes a time of the axis.
func clock(d, step time.Duration) string {
	if step >= time.Second {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// story is the marks as one sentence, with what lies between them.
func (c *canvas) story() string {
	var b strings.Builder
	var before time.Time
	for i, m := range inWindow(c.rec) {
		if i > 0 {
			fmt.Fprintf(&b, ", %s later ", between(m.At.Sub(before)))
		}
		b.WriteString(m.Label)
		before = m.At
	}
	b.WriteString(".")
	return b.String()
}

// inWindow are the marks that are drawn.
func inWindow(rec *Recording) (marks []Mark) {
	for _, m := range rec.Marks {
		if !m.At.Before(rec.From) && !m.At.After(rec.To) {
			marks = append(marks, m)
		}
	}
	return marks
}

// between writes a measured time.
func between(d time.Duration) string {
	switch {
	case d.Abs() < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d.Abs() < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// measures is the story under the axis, for those who look, on as many lines as
// it takes.
func (c *canvas) measures() {
	const letters = 140 // that a line holds
	fmt.Fprintf(c, `<text y="%d" fill="#222"><tspan x="%d" font-weight="600">Measured: </tspan>`, c.y, margin)
	room := letters - len("Measured: ")
	for word := range strings.FieldsSeq(c.story()) {
		if room -= len(word) + 1; room < 0 {
			room = letters - len(word)
			c.y += rowHeight
			fmt.Fprintf(c, `<tspan x="%d" y="%d">%s </tspan>`, margin, c.y, html.EscapeString(word))
			continue
		}
		fmt.Fprintf(c, `%s `, html.EscapeString(word))
	}
	c.WriteString("</text>\n")
	c.y += 26
}
