package timeline

import (
	"cmp"
	"fmt"
	"html"
	"time"
)

// patterns are the fills that tell states apart without colour.
const patterns = `<defs>
<pattern id="draining" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" fill="#fde3c4"/><rect width="2.5" height="6" fill="#b65c02"/></pattern>
<pattern id="held" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#e3ecf6"/><circle cx="3" cy="3" r="1.6" fill="#2f5f8f"/></pattern>
<pattern id="stale" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fff"/><path d="M0 3H6" stroke="#777" stroke-width="1.5"/></pattern>
<pattern id="down" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="#eee"/><path d="M1 1L7 7M7 1L1 7" stroke="#777"/></pattern>
</defs>
`

// fills are the ground of a state, and the ink of words on it.
func fill(state string) (ground, ink string) {
	switch state {
	case up:
		return "#4e79a7", "#fff"
	case draining, held, stale, down:
		return "url(#" + state + ")", "#222"
	}
	return "none", "#222"
}

// registry draws the state of etcd itself, and what callers have of it if that
// was not fresh all the time.
func (c *canvas) registry() {
	c.name("etcd")
	c.band("process", c.rec.Registry, map[string]string{up: "running", down: "killed, its data gone"})
	if spans := c.rec.Source.within(c.rec.From, c.rec.To); len(spans) > 1 {
		c.band("callers know", c.rec.Source, map[string]string{up: "what it says", stale: "what it last said"})
	}
	c.y += laneGap
}

// lane draws one instance: what it says of itself, what etcd and callers know of
// it, and the calls it gets.
func (c *canvas) lane(l *Lane) {
	c.name(l.ID)
	for _, b := range l.Bands {
		c.band(b.Caption, b.Track, b.Words)
	}
	c.band("in etcd", l.Listed, map[string]string{up: "listed"})
	c.band("for callers", l.Known, map[string]string{up: "in the set", held: "held"})
	for _, b := range l.bars() {
		c.bars(b)
		c.y += bandGap
	}
	c.y += laneGap - bandGap
}

func (l *Lane) bars() []Bars {
	if l.Bars != nil {
		return l.Bars
	}
	return []Bars{{"calls", l.Attempts}}
}

func (c *canvas) name(id string) {
	fmt.Fprintf(c, `<text x="%d" y="%d" font-weight="600" fill="#222">%s</text>`+"\n", margin, c.y+bandH-2, html.EscapeString(id))
}

// caption stands left of a band.
func (c *canvas) caption(text string, y int) {
	if text != "" {
		fmt.Fprintf(c, `<text x="%d" y="%d" font-size="11" fill="#555" text-anchor="end">%s</text>`+"\n", plotLeft-6, y, text)
	}
}

// band draws a track as boxes, with a word on those where it fits.
func (c *canvas) band(caption string, t Track, words map[string]string) {
	c.caption(caption, c.y+bandH-3)
	fmt.Fprintf(c, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, plotLeft+plotW, float64(c.y)+bandH/2., float64(c.y)+bandH/2.)
	for _, s := range t.within(c.rec.From, c.rec.To) {
		c.used[s.State] = true
		ground, ink := fill(s.State)
		x, w := c.x(s.From), c.x(s.To)-c.x(s.From)
		fmt.Fprintf(c, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, c.y, max(w, 1), bandH, ground)
		word := cmp.Or(words[s.State], s.State)
		room := float64(len(word))*5.6 + 6
		at, fits := c.between(x, x+w, room)
		if !fits {
			continue
		}
		if s.State != up { // letters need a calm ground
			fmt.Fprintf(c, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#fff"/>`+"\n", at, c.y+1, room, bandH-2)
		}
		fmt.Fprintf(c, `<text x="%.1f" y="%d" font-size="11" fill="%s">%s</text>`+"\n", at+3, c.y+bandH-3, ink, word)
	}
	c.y += bandH + bandGap
}

// between finds a place of a given width in a box that no mark's line crosses.
func (c *canvas) between(from, to, room float64) (x float64, ok bool) {
	x = from + 3
	for _, m := range inWindow(c.rec) {
		if line := c.x(m.At); x-3 < line && line < x+room {
			x = line + 4
		}
	}
	return x, x+room < to
}

// bars draws how many attempts each bin has. Those that failed stand on top,
// with a cross over them.
func (c *canvas) bars(b Bars) {
	c.caption(b.Caption, c.y+barsH-4)
	base := c.y + barsH
	fmt.Fprintf(c, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="#bbb"/>`+"\n", plotLeft, plotLeft+plotW, base, base)
	most := c.most()
	good, bad := c.binned(b.Calls)
	for i := range good {
		x := plotLeft + c.width(c.bin)*float64(i)
		w := min(c.width(c.bin), plotLeft+plotW-x)
		unit := float64(barsH-8) / float64(most)
		gh, bh := unit*float64(good[i]), unit*float64(bad[i])
		if good[i] > 0 {
			fmt.Fprintf(c, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#59616b"/>`+"\n", x, float64(base)-gh, max(w-1, 1), gh)
		}
		if bad[i] > 0 {
			fmt.Fprintf(c, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#d1242f"/>`+"\n", x, float64(base)-gh-bh, max(w-1, 2), bh)
			c.cross(x+w/2, float64(base)-gh-bh-4)
		}
	}
	c.y = base
}

func (c *canvas) cross(x, y float64) {
	fmt.Fprintf(c, `<path class="failed" d="M%.1f %.1fl6 6m0 -6l-6 6" stroke="#d1242f" stroke-width="1.5" fill="none"/>`+"\n", x-3, y-3)
}

// binned counts calls by the time they were sent.
func (c *canvas) binned(calls []Call) (good, bad []int) {
	n := int((c.rec.To.Sub(c.rec.From) + c.bin - 1) / c.bin)
	good, bad = make([]int, n), make([]int, n)
	for _, a := range calls {
		if a.At.Before(c.rec.From) || !a.At.Before(c.rec.To) {
			continue
		}
		i := int(a.At.Sub(c.rec.From) / c.bin)
		if a.Failed {
			bad[i]++
		} else {
			good[i]++
		}
	}
	return good, bad
}

// most is the highest bar of all lanes, so that they have one scale.
func (c *canvas) most() int {
	most := 1
	for i := range c.rec.Lanes {
		for _, b := range c.rec.Lanes[i].bars() {
			good, bad := c.binned(b.Calls)
			for k := range good {
				most = max(most, good[k]+bad[k])
			}
		}
	}
	return most
}

// legend names the fills that occur.
func (c *canvas) legend() {
	x := margin
	item := func(shape, text string) {
		fmt.Fprintf(c, shape+`<text x="%d" y="%d" fill="#222">%s</text>`+"\n", x+26, c.y, text)
		x += 26 + int(6.3*float64(len(text))) + 12
	}
	box := func(state, text string) {
		if ground, _ := fill(state); c.used[state] {
			text = cmp.Or(c.rec.Legend[state], text)
			item(fmt.Sprintf(`<rect x="%d" y="%d" width="20" height="12" fill="%s" stroke="#777" stroke-width=".5"/>`, x, c.y-10, ground), text)
		}
	}
	box(up, "there")
	box(draining, "draining: no new calls")
	box(held, "held: called, although not listed")
	box(stale, "stale")
	box(down, "gone")
	item(fmt.Sprintf(`<rect x="%d" y="%d" width="5" height="12" fill="#59616b"/><rect x="%d" y="%d" width="5" height="8" fill="#59616b"/>`, x+4, c.y-10, x+11, c.y-6),
		fmt.Sprintf("calls sent, per %d ms", c.bin/time.Millisecond))
	item(fmt.Sprintf(`<path d="M%d %dl6 6m0 -6l-6 6" stroke="#d1242f" stroke-width="1.5"/>`, x+8, c.y-7), "failed")
	c.y += 4
}
