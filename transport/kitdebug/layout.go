package kitdebug

import (
	"crypto/sha256"
	_ "embed" // the page's layout
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// view is what the template shows.
type view struct {
	document

	All     bool
	Refresh int // in seconds; 0 for never
}

// layout returns the page's template, and the policy that lets a browser apply
// its style, and nothing else whatever: no script, no picture, no other host.
func layout() (t *template.Template, policy string, err error) {
	sum := sha256.Sum256([]byte(pageCSS))
	policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	t, err = template.New("page").Funcs(template.FuncMap{
		"style":   func() template.CSS { return template.CSS(pageCSS) }, //nolint:gosec // it is the file above
		"span":    span,
		"percent": func(f float64) string { return fmt.Sprintf("%.4g %%", 100*f) },
		"clock":   func(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") },
		"cost":    func(f *float64) string { return metric(*f) },
		"sum":     func(a, b int) int { return a + b },
		"old":     func(seconds float64) bool { return seconds > 0 },
		"bar":     bar,
		"join":    func(s []string) string { return strings.Join(s, ", ") },
		"usable":  (*pool).usable,
	}).Parse(pageHTML)
	return t, policy, err
}

// metric is f with three digits and a prefix, such as 1.25M.
func metric(f float64) string {
	for _, p := range []struct {
		least  float64
		prefix string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if f >= p.least {
			return fmt.Sprintf("%.3g%s", f/p.least, p.prefix)
		}
	}
	return fmt.Sprintf("%.3g", f)
}

// barWidth is that of a full bar, in pixels.
const barWidth = 48

// bar is how wide the bar of a cost is.
func bar(cost *float64, most float64) int {
	if cost == nil || most <= 0 {
		return 0
	}
	return max(1, int(barWidth**cost/most))
}
