package console

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// colored is what gives text its colour, and nothing else.
var colored = regexp.MustCompile(`^\x1b\[[0-9;]*m`)

// Harmless is text that others wrote, such as a log or the error of a call,
// without what has terminals do more than show it: control characters but tab
// and the end of a line are escaped as in Go. Colours stay, and end with the
// text.
func Harmless(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, controls) {
		return text
	}
	var b strings.Builder
	end := ""
	for len(text) > 0 {
		if color := colored.FindString(text); color != "" {
			b.WriteString(color)
			text, end = text[len(color):], "\x1b[0m"
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case controls(r):
			quoted := fmt.Sprintf("%+q", r) // in single quotes
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String() + end
}

func controls(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }
