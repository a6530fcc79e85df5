package kitdebug

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kitgen/kitgen/sd"
)

// printable is s without what could hide or rearrange other text: whoever can
// register an instance chooses its ID, its tags and its errors.
func printable(s string) string { return visible(s, unicode.IsPrint) }

// lines is printable for text of several lines.
func lines(s string) string {
	return withoutSecrets(visible(s, func(r rune) bool { return unicode.IsPrint(r) || r == '\n' || r == '\t' }))
}

func visible(s string, ok func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}

// maxShort is how long a sentence may be, in bytes.
const maxShort = 400

// short is a sentence that somebody else wrote.
func short(s string) string {
	s = withoutSecrets(printable(strings.NewReplacer("\n", "; ", "\t", " ").Replace(s)))
	if len(s) <= maxShort {
		return s
	}
	cut := maxShort
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return short(err.Error())
}

// target is one without its secrets, also if it is none.
func target(s string) string {
	if s == "" {
		return ""
	}
	if t, err := sd.ParseTarget(s); err == nil {
		return printable(t.String())
	}
	return short(s)
}

var (
	userInfo  = regexp.MustCompile(`(://)[^/?#\s"]*@`)
	parameter = regexp.MustCompile(`(?i)((?:token|password|passwd|passphrase|secret|api[-_]?key|authorization)\\?["']?\s*[=:]\s*(?:(?:basic|bearer)\s+)?)` + told)
)

// told is what stands behind such a name: in quotes, which may be escaped, in
// the brackets of a list, or alone.
const told = `(?:\\?"[^"]*"|'[^']*'|\[[^\]]*\]|\\?["']?[^\s&;,"']+)`

// withoutSecrets takes out what an error repeats of an address with a user and a
// password, or of a parameter that is named like a secret. The parts do so
// themselves; this is for those that are not ours.
func withoutSecrets(s string) string {
	if strings.Contains(s, "@") {
		s = userInfo.ReplaceAllString(s, "${1}xxxxx@")
	}
	if strings.ContainsAny(s, "=:") {
		s = parameter.ReplaceAllString(s, "${1}xxxxx")
	}
	return s
}

// finite is f, or zero for what JSON cannot say.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// known is a cost; nil if there is none.
func known(cost float64) *float64 {
	if finite(cost) == 0 {
		return nil
	}
	return &cost
}

func hexadecimal(u uint64) string {
	s := strconv.FormatUint(u, 16)
	return strings.Repeat("0", 16-len(s)) + s
}

// span is seconds as people read them.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	for _, p := range []struct{ least, to time.Duration }{
		{time.Hour, time.Minute}, {time.Minute, time.Second}, {time.Second, 100 * time.Millisecond},
		{time.Millisecond, 10 * time.Microsecond}, {0, time.Microsecond},
	} {
		if d >= p.least {
			d = d.Round(p.to)
			break
		}
	}
	text := d.String()
	for _, end := range []string{"m0s", "h0m"} { // 1h, not 1h0m0s
		if strings.HasSuffix(text, end) {
			text = text[:len(text)-2]
		}
	}
	return text
}
