package spec

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
	"time"
)

// place is where a directive may stand.
type place uint8

const (
	atMethod    place = 1 << iota
	atField           // of a struct
	atType            // a struct, or a named type
	atEmbedded        // interface, inside the service's
	atError           // a package-level variable
	atInterface       // that the service is made from
	atConstant        // of an enum
)

func (p place) String() string {
	switch p {
	case atMethod:
		return "a method"
	case atField:
		return "a field"
	case atType:
		return "a type"
	case atEmbedded:
		return "an embedded interface"
	case atInterface:
		return "the interface"
	case atConstant:
		return "a constant of an enum"
	}
	return "an error variable"
}

// known directives, each with what its line looks like and where it may stand.
var known = []struct {
	name, usage string
	at          place
}{
	{"any", "//kit:any", atMethod | atField},
	{"enum", "//kit:enum", atType},
	{"error", "//kit:error not_found 404", atError},
	{"http", "//kit:http GET /users/{id}", atMethod},
	{"idempotent", "//kit:idempotent", atMethod},
	{"message", "//kit:message Person", atType},
	{"noerror", "//kit:noerror", atMethod},
	{"proto", "//kit:proto name=3", atMethod | atField | atInterface},
	{"skip", "//kit:skip grpc", atMethod | atEmbedded},
	{"timeout", "//kit:timeout 2s", atMethod},
	{"was", "//kit:was OldName", atMethod | atField | atConstant},
}

// directive is one //kit: line.
type directive struct {
	name, arg string
	comment   *ast.Comment
}

// directives are the //kit: lines of groups, which belong to owner. Those that
// there are not, or not there, or twice, are reported and left out.
func (l *loader) directives(at place, owner string, groups ...*ast.CommentGroup) (list []directive) {
	for _, g := range groups {
		if g == nil {
			continue
		}
		for _, c := range g.List {
			d, ok := l.directive(c)
			if !ok {
				continue
			}
			l.applied[c] = true
			switch again := slices.ContainsFunc(list, func(e directive) bool { return e.name == d.name && (d.name != "was" || e.arg == d.arg) }); {
			case !l.takes(d, at):
			case again:
				l.bad(c.Pos(), "KG062", "keep one", "//kit:%s is given twice for %s", d.name, owner)
			default:
				list = append(list, d)
			}
		}
	}
	return list
}

// takes reports whether d is a directive of that place, or says why not.
func (l *loader) takes(d directive, at place) bool {
	var usages []string
	for _, k := range known {
		if k.name == d.name && k.at&at != 0 {
			return true
		}
		if k.name == d.name {
			var places []string
			for p := atMethod; p <= atConstant; p <<= 1 {
				if k.at&p != 0 {
					places = append(places, p.String())
				}
			}
			l.bad(d.comment.Pos(), "KG062", "put it above "+strings.Join(places, " or "), "//kit:%s says nothing of %s", d.name, at)
			return false
		}
		if distance(d.name, k.name) <= 2 {
			usages = append([]string{k.usage}, usages...)
		}
	}
	var fix string
	if len(usages) > 0 {
		fix = "did you mean " + usages[0] + "?"
	} else {
		for _, k := range known {
			if k.at&at != 0 {
				usages = append(usages, k.usage)
			}
		}
		fix = "use one of: " + list(usages)
	}
	l.bad(d.comment.Pos(), "KG061", fix, "//kit:%s is no directive of this kitgen", d.name)
	return false
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
func (l *loader) directive(c *ast.Comment) (d directive, ok bool) {
	text, ok := strings.CutPrefix(c.Text, "//")
	if !ok {
		return d, false
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(text, " \t"), "kit:")
	if !ok {
		return d, false
	}
	if text[0] != 'k' {
		l.bad(c.Pos(), "KG061", "write //kit:"+rest, "a directive has no space after the slashes, so this one would be a mere comment")
		return d, false
	}
	name, arg, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return directive{name, strings.TrimSpace(arg), c}, true
}

// refine applies the directives of a method.
func (l *loader) refine(m *Method, c *call, list []directive) {
	for _, d := range list {
		if d.arg != "" && slices.Contains([]string{"any", "idempotent", "noerror"}, d.name) {
			l.bad(d.comment.Pos(), "KG062", "write //kit:"+d.name, "//kit:%s takes no argument", d.name)
			continue
		}
		switch d.name {
		case "any":
			c.any = true
		case "http":
			l.refineRoute(m, d)
		case "idempotent":
			m.Idempotent = true
		case "noerror":
			m.NoError = true
		case "proto":
			c.proto = l.pairs(d, "a=3 or a=other_name or request=Message")
			takeMessage(&m.In, c.proto, "request")
			takeMessage(&m.Out, c.proto, "response")
		case "skip":
			l.refineSkip(m, d)
		case "timeout":
			t, err := time.ParseDuration(d.arg)
			if err != nil || t <= 0 {
				l.bad(d.comment.Pos(), "KG062", "write a duration above 0, as in //kit:timeout 2s", "%q is no timeout", d.arg)
			}
			m.Timeout = t
		case "was":
			l.refineWas(m, c, d)
		}
	}
}

// refineRoute takes "GET /users/{id}".
func (l *loader) refineRoute(m *Method, d directive) {
	verb, path, _ := strings.Cut(d.arg, " ")
	path = strings.TrimSpace(path)
	if !slices.Contains(verbs, verb) || !strings.HasPrefix(path, "/") {
		l.bad(d.comment.Pos(), "KG050", "write a verb and a path, as in //kit:http GET /users/{id}; verbs are "+list(verbs), "%q is no route", d.arg)
		return
	}
	m.HTTP = &Route{Verb: verb, Path: path, Pos: l.at(d.comment.Pos()).String()}
}

// verbs that a route may have.
var verbs = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// refineSkip takes the wires that a method is not served over.
func (l *loader) refineSkip(m *Method, d directive) {
	for wire := range strings.FieldsSeq(strings.ReplaceAll(d.arg, ",", " ")) {
		if wire != "grpc" && wire != "http" {
			l.bad(d.comment.Pos(), "KG081", "write //kit:skip grpc or //kit:skip http", "%q is no transport", wire)
			return
		}
		m.Skip = append(m.Skip, wire)
	}
	if len(m.Skip) != 1 {
		l.bad(d.comment.Pos(), "KG062", "write //kit:skip grpc or //kit:skip http, or remove the method", "%s would be served over no wire, or over all", m.Name)
	}
}

// refineWas takes "Add", a name that the method had, or "who=name", which says
// that parameter or result who was called name.
func (l *loader) refineWas(m *Method, c *call, d directive) {
	if strings.Contains(d.arg, "=") {
		pairs := l.pairs(d, "new=old")
		for _, now := range slices.Sorted(maps.Keys(pairs)) {
			before := pairs[now]
			if !ascii(before) || !token.IsIdentifier(before) {
				l.bad(d.comment.Pos(), "KG062", "write the name that "+now+" had, as in //kit:was new=old", "%q is no name of a parameter or result", before)
				continue
			}
			if c.was == nil {
				c.was = make(map[string]string)
			}
			c.was[now] = before
		}
		return
	}
	if !ascii(d.arg) || !token.IsIdentifier(d.arg) || !token.IsExported(d.arg) {
		l.bad(d.comment.Pos(), "KG062", "write the name that the method had, as in //kit:was Add, or //kit:was new=old for a parameter", "%q is no name of a method", d.arg)
		return
	}
	m.Was = d.arg
}

// pairs are "a=b c=d"; usage is what one looks like.
func (l *loader) pairs(d directive, usage string) map[string]string {
	out := make(map[string]string)
	for word := range strings.FieldsSeq(d.arg) {
		k, v, ok := strings.Cut(word, "=")
		if _, twice := out[k]; !ok || k == "" || v == "" || twice {
			l.bad(d.comment.Pos(), "KG062", "write //kit:"+d.name+" "+usage, "%q does not say which parameter or result it is about, or says it twice", word)
			continue
		}
		out[k] = v
	}
	if len(out) == 0 {
		l.bad(d.comment.Pos(), "KG062", "write //kit:"+d.name+" "+usage, "//kit:%s says nothing", d.name)
	}
	return out
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
