package main

import (
	"fmt"
	"html"
	"strings"
)

// The terminals: rows that are seen, characters in a row, and the size of one.
const (
	rows, columns   = 26, 132
	charW, lineH    = 6.63, 16
	margin, titleH  = 14, 26
	backdrop, plain = "#1e1e24", "#d8d8d8"
)

// palette is that of kitgen dev's log.
var palette = []string{"#56c8d8", "#e5c07b", "#98c379", "#c678dd", "#61afef"}

// draw shows two terminals, one above the other.
func draw(log, other []string) string {
	if len(log) > rows {
		log = log[len(log)-rows:]
	}
	var b strings.Builder
	width := columns*charW + 2*margin
	height := 2*(titleH+2*margin) + (len(log)+len(other))*lineH
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="11">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", backdrop)
	y := terminal(&b, 0, "kitgen dev --replicas 3", log, colored())
	terminal(&b, y, "another terminal", other, func(line string) (string, string) {
		if strings.HasPrefix(line, "$ ") {
			return line, palette[2]
		}
		return "", plain
	})
	b.WriteString("</svg>\n")
	return b.String()
}

// terminal draws one from y down, and returns where it ends. head is the part of
// a line that has a colour of its own.
func terminal(b *strings.Builder, y int, title string, lines []string, head func(string) (part, color string)) int {
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="#8a8a92">%s</text>`+"\n", margin, y+titleH-6, html.EscapeString(title))
	y += titleH + margin
	for _, line := range lines {
		if text := []rune(line); len(text) > columns {
			line = string(text[:columns-1]) + "…"
		}
		part, color := head(line)
		fmt.Fprintf(b, `<text x="%d" y="%d" xml:space="preserve" fill="%s"><tspan fill="%s">%s</tspan>%s</text>`+"\n",
			margin, y, plain, color, html.EscapeString(part), html.EscapeString(strings.TrimPrefix(line, part)))
		y += lineH
	}
	return y + margin
}

// colored gives each name before a bar its colour, as kitgen dev does.
func colored() func(string) (string, string) {
	colors := map[string]string{"kitgen": "#8a8a92", "etcd": "#8a8a92"}
	next := 0
	return func(line string) (string, string) {
		head, _, ok := strings.Cut(line, "| ")
		if !ok {
			return "", plain
		}
		name := strings.TrimSpace(head)
		if colors[name] == "" {
			colors[name] = palette[next%len(palette)]
			next++
		}
		return head + "|", colors[name]
	}
}
