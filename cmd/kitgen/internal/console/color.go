package console

import (
	"fmt"
	"io"
	"os"
)

// Color is a colour of the terminal's own palette.
type Color int

// The colours in use.
const (
	Plain   Color = 0
	Red     Color = 31
	Green   Color = 32
	Yellow  Color = 33
	Blue    Color = 34
	Magenta Color = 35
	Cyan    Color = 36
	Gray    Color = 90
)

// Colored reports whether what is written to w, one of c's streams, may have
// colour: it is a terminal that can, and nobody has said no.
func (c *Console) Colored(w io.Writer) bool {
	return terminal(w) && !c.NoColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Paint is text in a colour if w may have it.
func (c *Console) Paint(w io.Writer, color Color, text string) string {
	if color == Plain || !c.Colored(w) {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, text)
}
