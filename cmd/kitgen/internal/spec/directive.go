package spec

import (
	"go/ast"
	"slices"
	"strings"
	"time"
)

// known directives, each with what its line looks like.
var known = []struct{ name, usage string }{
	{"idempotent", "//kit:idempotent"},
	{"noerror", "//kit:noerror"},
	{"timeout", "//kit:timeout 2s"},
}

// directives applies the //kit: lines above and behind a method.
func (l *loader) directives(m *Method, groups ...*ast.CommentGroup) {
	var seen []string
	for _, g := range groups {
		if g == nil {
			continue
		}
		for _, c := range g.List {
			name, arg, ok := l.directive(c)
			if !ok {
				continue
			}
			if slices.Contains(seen, name) {
				l.bad(c.Pos(), "KG062", "keep one", "//kit:%s is given twice for %s", name, m.Name)
			}
			seen = append(seen, name)
			l.applied[c] = true
			l.apply(m, c, name, arg)
		}
	}
}

// strayDirectives reports those in and above the interface that belong to no
// method, which happens to one with an empty line below it.
func (l *loader) strayDirectives(d *decl) {
	from := d.spec.Pos()
	if d.doc != nil {
		from = d.doc.Pos()
	}
	for _, g := range d.src.file.Comments {
		for _, c := range g.List {
			inside := from <= c.Pos() && c.Pos() < d.spec.End()
			if inside && strings.HasPrefix(c.Text, "//kit:") && !l.applied[c] {
				l.bad(c.Pos(), "KG062", "put it directly above a method", "%s belongs to no method", c.Text)
			}
		}
	}
}

// directive splits a comment that is one, or tries to be.
func (l *loader) directive(c *ast.Comment) (name, arg string, ok bool) {
	text, ok := strings.CutPrefix(c.Text, "//")
	if !ok {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(text, " \t"), "kit:")
	if !ok {
		return "", "", false
	}
	if text[0] != 'k' {
		l.bad(c.Pos(), "KG061", "write //kit:"+rest, "a directive has no space after the slashes, so this one would be a mere comment")
		return "", "", false
	}
	name, arg, _ = strings.Cut(strings.TrimSpace(rest), " ")
	return name, strings.TrimSpace(arg), true
}

func (l *loader) apply(m *Method, c *ast.Comment, name, arg string) {
	if arg != "" && (name == "idempotent" || name == "noerror") {
		l.bad(c.Pos(), "KG062", "write //kit:"+name, "//kit:%s takes no argument", name)
		return
	}
	switch name {
	case "idempotent":
		m.Idempotent = true
	case "noerror":
		m.NoError = true
	case "timeout":
		d, err := time.ParseDuration(arg)
		if err != nil || d <= 0 {
			l.bad(c.Pos(), "KG062", "write a duration above 0, as in //kit:timeout 2s", "%q is no timeout", arg)
		}
		m.Timeout = d
	default:
		var usages []string
		for _, k := range known {
			if distance(name, k.name) <= 2 {
				usages = []string{k.usage}
				break
			}
			usages = append(usages, k.usage)
		}
		fix := "use one of: " + list(usages)
		if len(usages) == 1 {
			fix = "did you mean " + usages[0] + "?"
		}
		l.bad(c.Pos(), "KG061", fix, "//kit:%s is no directive of this kitgen", name)
	}
}

// distance is the number of letters to change, add or drop between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// docLines is a doc comment without its directives.
func docLines(g *ast.CommentGroup) []string {
	text := strings.TrimSpace(g.Text())
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
