package demo

import (
	"fmt"
	"html"
	"os"
	"strings"
	"time"
)

// The picture of a run: the share of every replica over time, stacked, with
// the faults as vertical lines.
const (
	picWidth, picHeight = 900, 430
	plotLeft, plotTop   = 50, 74
	plotW, plotH        = 690, 310
	picStep             = 250 * time.Millisecond
)

var palette = []string{"#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#e15759", "#9c755f"}

// writeSVG draws the run into a file.
func writeSVG(path string, h *history, replicas []replica, events []event) error {
	if err := os.WriteFile(path, []byte(drawRun(h, replicas, events)), 0o644); err != nil {
		return fmt.Errorf("--svg %s: %w", path, err)
	}
	return nil
}

func drawRun(h *history, replicas []replica, events []event) string {
	end := msDuration(h.last.Ms)
	x := func(at time.Duration) float64 { return plotLeft + plotW*float64(at)/float64(end) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", picWidth, picHeight)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="22" font-size="15" fill="#222">Share of the attempts per replica: %d calls, %d retries, %d failed</text>`+"\n",
		plotLeft, h.last.Calls, h.last.Retries, h.last.Failed)
	drawAreas(&b, h, replicas, end, x)
	drawEvents(&b, events, x)
	drawAxes(&b, end, x)
	drawLegend(&b, replicas)
	b.WriteString("</svg>\n")
	return b.String()
}

// drawAreas stacks the shares from the bottom up, one polygon per replica.
func drawAreas(b *strings.Builder, h *history, replicas []replica, end time.Duration, x func(time.Duration) float64) {
	n := int(end/picStep) + 1
	base := make([]float64, n)
	for i, r := range replicas {
		var up, down []string
		for k := range n {
			at := time.Duration(k) * picStep
			from, to := at-picStep, at+picStep
			y := func(v float64) float64 { return plotTop + plotH*(1-v) }
			down = append(down, fmt.Sprintf("%.1f,%.1f", x(at), y(base[k])))
			base[k] += float64(h.attempts(r.addrs(), from, to)) / float64(max(h.attempts(nil, from, to), 1))
			up = append(up, fmt.Sprintf("%.1f,%.1f", x(at), y(base[k])))
		}
		for l, r := 0, len(down)-1; l < r; l, r = l+1, r-1 {
			down[l], down[r] = down[r], down[l]
		}
		fmt.Fprintf(b, `<polygon fill="%s" points="%s %s"/>`+"\n", palette[i%len(palette)], strings.Join(up, " "), strings.Join(down, " "))
	}
}

func drawEvents(b *strings.Builder, events []event, x func(time.Duration) float64) {
	for i, e := range events {
		y := plotTop - 6 - 15*(i%2) // neighbours stand in different rows
		label := strings.TrimSpace(string(e.kind) + " " + strings.TrimPrefix(e.name, "addsvc-"))
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#222" stroke-dasharray="4 3"/><text x="%.1f" y="%d" fill="#222">%s</text>`+"\n",
			x(e.from), x(e.from), y-8, plotTop+plotH, x(e.from)+3, y, html.EscapeString(label))
	}
}

func drawAxes(b *strings.Builder, end time.Duration, x func(time.Duration) float64) {
	for s := time.Duration(0); s <= end; s += 2 * time.Second {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="#555" text-anchor="middle">%.0f s</text>`+"\n", x(s), plotTop+plotH+18, s.Seconds())
	}
	for _, part := range []int{0, 25, 50, 75, 100} {
		y := plotTop + plotH*(100-part)/100
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="#555" text-anchor="end">%d %%</text>`+"\n", plotLeft-6, y+4, part)
	}
}

func drawLegend(b *strings.Builder, replicas []replica) {
	for i, r := range replicas {
		y := plotTop + 20*i
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d" fill="#222">%s: %s</text>`+"\n",
			plotLeft+plotW+20, y, palette[i%len(palette)], plotLeft+plotW+38, y+10, html.EscapeString(r.name), r.status)
	}
}
