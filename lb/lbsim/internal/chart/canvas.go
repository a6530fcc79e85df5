package chart

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// Where things stand, in pixels of a picture that a README shows at its own
// width.
const (
	width    = 900
	margin   = 16
	plotLeft = 172 // right of the names
	plotW    = width - plotLeft - margin - 8
	headH    = 66
)

// The colours, on white.
const (
	ink   = "#222"
	faint = "#555"
	axis  = "#999"
	grid  = "#e6e6e6"
	ours  = "#2f5f8f"
	other = "#8d98a5"
	bad   = "#b65c02"
	shade = "#fde3c4"
)

// canvas is a picture while it is drawn.
type canvas struct {
	strings.Builder

	y int // where the next part begins
}

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

// text writes at a baseline; more are further attributes.
func (c *canvas) text(x, y float64, more, text string) {
	c.add(`<text x="%.1f" y="%.1f" %s>%s</text>`, x, y, more, html.EscapeString(text))
}

func (c *canvas) line(x1, y1, x2, y2 float64, more string) {
	c.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`, x1, y1, x2, y2, more)
}

func (c *canvas) rect(x, y, w, h float64, more string) {
	c.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" %s/>`, x, y, w, h, more)
}

// name writes the name of a balancer left of its row; ours are bold.
func (c *canvas) name(y float64, name string) {
	weight := ""
	if isOurs(name) {
		weight = ` font-weight="600"`
	}
	c.text(plotLeft-10, y, fmt.Sprintf(`text-anchor="end" fill="%s"%s`, ink, weight), name)
}

// isOurs: the names of others begin with their project's, and a slash.
func isOurs(name string) bool { return !strings.Contains(name, "/") && !isBound(name) }

// isBound says whether it is no balancer, but what others are measured against.
func isBound(name string) bool { return name == "central" || name == "oracle" }

func colour(name string) string {
	if isOurs(name) {
		return ours
	}
	return other
}

// frame puts the head and the ground around what was drawn.
func (c *canvas) frame(title, note, story string) string {
	height := c.y + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc" `+
		`font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", html.EscapeString(title), html.EscapeString(story))
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%d" height="%d" rx="6" fill="#fff" stroke="#d0d7de"/>`+"\n", width-1, height-1)
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="16" font-weight="600" fill="%s">%s</text>`+"\n", margin, ink, html.EscapeString(title))
	fmt.Fprintf(&b, `<text x="%d" y="49" font-size="13" fill="%s">%s</text>`+"\n", margin, ink, html.EscapeString(note))
	b.WriteString(c.Builder.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// scale maps values to pixels by their logarithm.
type scale struct {
	from, to float64 // values, both more than 0
	x, w     float64 // pixels
}

func (s scale) at(v float64) float64 {
	v = min(max(v, s.from), s.to)
	return s.x + s.w*math.Log(v/s.from)/math.Log(s.to/s.from)
}

// decades are the powers of ten within the scale.
func (s scale) decades() (all []float64) {
	for e := int(math.Ceil(math.Log10(s.from) - 1e-9)); ; e++ {
		v := math.Pow10(e)
		if v > s.to*(1+1e-9) {
			return all
		}
		all = append(all, v)
	}
}

// round returns the next of 1, 2, 5, 10, 20, … below v, or above it.
func round(v float64, up bool) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow10(int(math.Floor(math.Log10(v))))
	below := power
	for _, step := range []float64{1, 2, 5, 10} {
		switch next := step * power; {
		case next > v*(1-1e-9) && up:
			return next
		case next <= v*(1+1e-9):
			below = next
		}
	}
	return below
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// seeds writes over how many seeds a mean is.
func seeds(n int) string {
	if n == 1 {
		return "one seed"
	}
	return fmt.Sprintf("mean of %d seeds", n)
}

// short writes milliseconds for an axis.
func short(ms float64) string {
	if ms >= 100 {
		return fmt.Sprintf("%g s", ms/1000)
	}
	return fmt.Sprintf("%g ms", ms)
}

// percent writes a share with two digits.
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
