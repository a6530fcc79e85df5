package spec

import (
	"go/token"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// routes checks where the methods are over HTTP, and takes from the verbs what
// HTTP says of repeating them.
func (l *loader) routes() {
	whole := len(l.found) == 0 // else parameters may be missing
	for i := range l.svc.Methods {
		m := &l.svc.Methods[i]
		if m.HTTP == nil {
			continue
		}
		if !m.Over("http") {
			l.badAt(m.HTTP.Pos, "KG062", "remove one of the two", "%s has a route, and is not served over HTTP", m.Name)
			continue
		}
		if l.path(m) && whole {
			l.pathValues(m)
			l.queryValues(m)
		}
		switch m.HTTP.Verb {
		case http.MethodGet, http.MethodPut, http.MethodDelete: // RFC 9110, 9.2.2
			m.Idempotent = true
		}
	}
	if len(l.found) == 0 {
		l.overlaps()
		l.hidden()
	}
}

// hidden warns of values in a path that lead to another method: /users/me is no
// user of /users/{id}, whatever a caller means by it.
func (l *loader) hidden() {
	for _, m := range l.svc.Methods {
		if m.HTTP == nil || len(m.HTTP.Variables()) == 0 {
			continue
		}
		for _, special := range l.svc.Methods {
			route := special.Route()
			values := m.HTTP.takes(route)
			if len(values) == 0 || !special.Over("http") {
				continue
			}
			l.svc.Warnings = append(l.svc.Warnings, Problem{
				Pos: route.Pos, Code: "KGW52", Fix: "be sure that no caller means them, or give one another path",
				Msg: special.Name + " answers the calls of " + m.Name + " over HTTP in which " + list(values),
			})
		}
	}
}

// takes are the values of variables with which r is where the more special route is;
// none if it never is.
func (r Route) takes(special Route) (values []string) {
	if r.Verb != special.Verb {
		return nil
	}
	general, words := strings.Split(r.Path, "/"), strings.Split(special.Path, "/")
	if len(general) != len(words) {
		return nil
	}
	for i, g := range general {
		switch variable := strings.HasPrefix(g, "{"); {
		case variable && !strings.HasPrefix(words[i], "{"):
			values = append(values, strings.Trim(g, "{}")+" is "+words[i])
		case !variable && g != words[i]:
			return nil
		}
	}
	return values
}

// segment is what may be between two slashes of a path: what needs no escape in a
// URL.
var segment = regexp.MustCompile(`^[A-Za-z0-9\-_~.@+,:!$&'()*;=]+$`)

// path checks that of a route.
func (l *loader) path(m *Method) bool {
	if m.HTTP.Path == "/" {
		return true
	}
	bad := func(fix, format string, args ...any) bool {
		l.badAt(m.HTTP.Pos, "KG050", fix, "path %s of %s: "+format, append([]any{m.HTTP.Path, m.Name}, args...)...)
		return false
	}
	for s := range strings.SplitSeq(m.HTTP.Path[1:], "/") {
		name, variable := strings.CutPrefix(s, "{")
		name, closed := strings.CutSuffix(name, "}")
		switch {
		case s == "":
			return bad("remove the slash", "there is nothing between two slashes, or behind the last")
		case s == "." || s == "..":
			return bad("write the path that it leads to", "%s is a step in the tree and no name", s)
		case strings.ContainsAny(s, "{}") && (!variable || !closed || !token.IsIdentifier(name)):
			return bad("write it as {name}, with slashes around it", "%s is no variable: one is a parameter's name in braces and a segment of its own", s)
		case !variable && !segment.MatchString(s):
			return bad("use letters, digits and -._~", "%s has characters that a URL has to escape", s)
		}
	}
	return true
}

// pathValues checks that each variable of the path is a parameter that has a place
// there.
func (l *loader) pathValues(m *Method) {
	var seen []string
	for _, name := range m.HTTP.Variables() {
		i := m.variable(name)
		switch {
		case i < 0:
			l.badAt(m.HTTP.Pos, "KG050", "add the parameter, or use one that there is: "+list(parameters(m)), "{%s} is no parameter of %s", name, m.Name)
		case slices.Contains(seen, m.Params[i].Name):
			l.badAt(m.HTTP.Pos, "KG050", "keep one", "{%s} is in the path of %s twice", name, m.Name)
		case !m.Params[i].Type.inText():
			l.badAt(m.HTTP.Pos, "KG050", "use a string, a bool, a number, a time, a duration or a type that is text, or leave it out of the path",
				"{%s} of %s is %s, which is no segment of a path", name, m.Name, m.Params[i].Type.Go)
		default:
			seen = append(seen, m.Params[i].Name)
		}
	}
}

func parameters(m *Method) []string {
	names := []string{}
	for _, f := range m.Params {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return []string{"it has none"}
	}
	return names
}

// queryValues checks that what a request without a body takes has a place in its
// query.
func (l *loader) queryValues(m *Method) {
	for _, f := range m.Params {
		if m.Place(f) != InQuery || f.Type.inQuery() {
			continue
		}
		l.badAt(f.Pos, "KG051", "take its fields as parameters, or make the route a POST",
			"parameter %s of %s is %s, which has no place in a query, and a %s has no body", f.Name, m.Name, f.Type.Go, m.HTTP.Verb)
	}
}

// inText reports whether a value of t is one piece of text in a URL.
func (t *Type) inText() bool {
	switch t.Kind {
	case Bool, String, Int, Int8, Int16, Int32, Int64, Uint, Uint8, Uint16, Uint32, Uint64, Float32, Float64, Time, Duration, Text, EnumT:
		return true
	}
	return false
}

// inQuery reports whether a value of t can be in a query: as text, missing, or
// several times.
func (t *Type) inQuery() bool {
	if t.Kind == Slice || t.Kind == Pointer {
		return t.Elem.inText()
	}
	return t.inText()
}

// overlaps reports routes that answer the same requests. net/http knows which do.
func (l *loader) overlaps() {
	mux := http.NewServeMux()
	for i := range l.svc.Methods {
		m := &l.svc.Methods[i]
		if !m.Over("http") || registers(mux, m.Route()) {
			continue
		}
		for j := range i {
			other := &l.svc.Methods[j]
			alone := http.NewServeMux()
			if other.Over("http") && registers(alone, other.Route()) && !registers(alone, m.Route()) {
				l.badAt(m.Route().Pos, "KG052", "give one another path or verb, by //kit:http", "route %s %s of %s answers requests that %s %s of %s (%s) answers, too",
					m.Route().Verb, m.Route().Path, m.Name, other.Route().Verb, other.Route().Path, other.Name, other.Route().Pos)
				break
			}
		}
	}
}

// registers reports whether mux takes the route, of which it panics otherwise.
func registers(mux *http.ServeMux, r Route) (ok bool) {
	defer func() { ok = recover() == nil }()
	mux.Handle(r.Pattern(), http.NotFoundHandler())
	return true
}
