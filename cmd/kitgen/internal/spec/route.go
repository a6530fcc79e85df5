package spec

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// Over reports whether the method is served over a wire: "http" or "grpc".
func (m *Method) Over(wire string) bool { return !slices.Contains(m.Skip, wire) }

// Route is where the method is over HTTP: what its directive says, or a POST to a
// path made of its name.
func (m *Method) Route() Route {
	if m.HTTP != nil {
		return *m.HTTP
	}
	return Route{Verb: http.MethodPost, Path: "/" + strings.ToLower(cmp.Or(m.Was, m.Name)), Pos: m.Pos}
}

// Place is where in an HTTP request a parameter is.
type Place string

// The places.
const (
	InPath  Place = "path"
	InQuery Place = "query"
	InBody  Place = "body"
)

// Place is where f, a parameter of m, is in a request.
func (m *Method) Place(f Field) Place {
	r := m.Route()
	switch {
	case slices.ContainsFunc(m.InPath(), func(in Field) bool { return in.Name == f.Name }):
		return InPath
	case r.hasBody():
		return InBody
	}
	return InQuery
}

// InPath are the parameters that variables of the path stand for, in its order.
func (m *Method) InPath() []Field {
	var fields []Field
	for _, v := range m.Route().Variables() {
		if i := m.variable(v); i >= 0 {
			fields = append(fields, m.Params[i])
		}
	}
	return fields
}

// variable is which parameter the variable of that name stands for: the one that is
// called so, or was; -1 if none is.
func (m *Method) variable(name string) int {
	if i := slices.IndexFunc(m.Params, func(f Field) bool { return f.Name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(m.Params, func(f Field) bool { return f.JSON == name })
}

// hasBody reports whether a request of that verb has one.
func (r Route) hasBody() bool { return r.Verb != http.MethodGet && r.Verb != http.MethodDelete }

// Pattern is the route as net/http.ServeMux wants it.
func (r Route) Pattern() string {
	if r.Path == "/" {
		return r.Verb + " /{$}" // a path that ends in a slash would be that of all below it
	}
	return r.Verb + " " + r.Path
}

// Variables are the names in the braces of the path.
func (r Route) Variables() []string {
	var names []string
	for segment := range strings.SplitSeq(r.Path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}
