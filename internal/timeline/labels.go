package timeline

import (
	"fmt"
	"html"
	"time"
	"unicode/utf8"
)

// label is a mark with its place.
type label struct {
	Mark

	text string
	x    float64
	row  int // counted from the top
}

const (
	perLetter = 6.9 // a letter's width, generously: the reader's font is not known
	clearance = 10
)

// layOut gives every mark in the window the highest row where its text runs
// into no other text, and no line of another mark into its text. Texts stand
// right of their lines, and lines go down. So a later mark stands below all
// earlier ones whose text reaches it.
func layOut(rec *Recording, x func(time.Time) float64) (labels []label) {
	type reach struct{ end, row float64 }
	var placed []reach
	for _, m := range inWindow(rec) {
		l := label{Mark: m, text: m.Label, x: x(m.At)}
		switch d := m.At.Sub(rec.Zero); {
		case d > 0:
			l.text += ", +" + between(d)
		case d < 0:
			l.text += ", " + between(d)
		}
		for _, p := range placed {
			if p.end > l.x {
				l.row = max(l.row, int(p.row)+1)
			}
		}
		placed = append(placed, reach{l.x + clearance + perLetter*float64(utf8.RuneCountInString(l.text)), float64(l.row)})
		labels = append(labels, l)
	}
	return labels
}

// marks draws the lines down to bottom, and their texts.
func (c *canvas) marks(labels []label, bottom int) {
	for _, l := range labels {
		y := labelTop + rowHeight*l.row
		fmt.Fprintf(c, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#222" stroke-dasharray="4 3"/>`+"\n", l.x, l.x, y-10, bottom)
		fmt.Fprintf(c, `<text x="%.1f" y="%d" fill="#222">%s</text>`+"\n", l.x+4, y, html.EscapeString(l.text))
	}
}
