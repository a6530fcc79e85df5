package render

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// URLImports are the standard packages that read and write values in URLs.
func (v *view) URLImports() []string {
	var imports []string
	for _, pkg := range []string{"strconv", "time"} {
		if slices.ContainsFunc(v.Over("http"), func(m method) bool { return m.names(pkg) }) {
			imports = append(imports, pkg)
		}
	}
	return imports
}

// names reports whether the functions of a Routed method name a package.
func (m method) names(pkg string) bool {
	if !m.Routed() {
		return false
	}
	for _, f := range m.BodyFields() {
		if names(f.GoType, pkg) {
			return true
		}
	}
	return names(strings.Join(append(m.Writes(), m.PathValues()), "\n"), pkg)
}

// AnyRouted reports whether a method has a route of its own.
func (v *view) AnyRouted() bool { return slices.ContainsFunc(v.Over("http"), method.Routed) }

// Verb is the HTTP method of the method.
func (m method) Verb() string { return m.Method.Route().Verb }

// Route is the path of the method over HTTP, with variables in braces.
func (m method) Route() string { return m.Method.Route().Path }

// Pattern is the route as http.ServeMux has it.
func (m method) Pattern() string { return m.Method.Route().Pattern() }

// Routed reports whether there is more to a request than its body.
func (m method) Routed() bool {
	return len(m.InPath()) > 0 || m.Verb() == http.MethodGet || m.Verb() == http.MethodDelete
}

// Decode is the function that reads a request of the method, if it is Routed.
func (m method) Decode() string { return "decode" + m.Name }

// PartsOf is the function that says what of a request goes where.
func (m method) PartsOf() string { return lower(m.Name) + "Parts" }

// Body is the type of what of a request is in its body.
func (m method) Body() string { return lower(m.Name) + "Body" }

// PathTexts is a request with something in each text that is in the path, where it
// cannot be empty; empty if there is none.
func (m method) PathTexts() string {
	var fields []string
	for _, f := range m.InPath() {
		if f.Type.Kind == spec.String {
			fields = append(fields, f.Go+": \"1\"")
		}
	}
	if len(fields) == 0 {
		return ""
	}
	return m.Request + "{" + strings.Join(fields, ", ") + "}"
}

// PathNeedsMore reports whether the path has something for which kitgen knows no
// value that is not empty.
func (m method) PathNeedsMore() bool {
	return slices.ContainsFunc(m.InPath(), func(f spec.Field) bool { return isText(f.Type) })
}

// BodyFields are the parameters in the body.
func (m method) BodyFields() []field {
	return slices.DeleteFunc(slices.Clone(m.Params), func(f field) bool { return m.Place(f.Field) != spec.InBody })
}

// read is a field of a request, and an expression that reads it.
type read struct{ Go, From string }

// Reads are the fields of a request, each with an expression that reads it.
func (m method) Reads() []read {
	var reads []read
	for _, f := range m.Params {
		c := read{Go: f.Go}
		switch m.Place(f.Field) {
		case spec.InPath:
			c.From = fmt.Sprintf("params.Path(in, %q, %s)", m.variable(f.Field), parseOf(f.Type))
		case spec.InQuery:
			c.From = readQuery(f.Field)
		case spec.InBody:
			c.From = "body." + f.Go
		}
		reads = append(reads, c)
	}
	return reads
}

// variable is what the path calls f.
func (m method) variable(f spec.Field) string {
	for _, name := range m.Method.Route().Variables() {
		if name == f.Name {
			return name
		}
	}
	return f.JSON
}

func readQuery(f spec.Field) string {
	read, t := "Query", f.Type
	switch t.Kind {
	case spec.Pointer:
		read, t = "Optional", t.Elem
	case spec.Slice:
		read, t = "List", t.Elem
	}
	return fmt.Sprintf("params.%s(in, %q, %s)", read, f.JSON, parseOf(t))
}

// isText reports whether t says itself what it is as text.
func isText(t *spec.Type) bool { return t.Kind == spec.Text || t.Kind == spec.EnumT && t.Text }

// parseOf is a function of package params that reads a t.
func parseOf(t *spec.Type) string {
	switch t.Kind {
	case spec.String:
		return "params.String[" + t.Go + "]"
	case spec.Bool:
		return "params.Bool[" + t.Go + "]"
	case spec.Float32, spec.Float64:
		return "params.Float[" + t.Go + "]"
	case spec.Time:
		return "params.Time"
	case spec.Duration:
		return "params.Duration"
	case spec.Text, spec.EnumT:
		if !isText(t) {
			break
		}
		return "params.Text[" + t.Go + "]"
	}
	return "params.Int[" + t.Go + "]"
}

// Writes are the statements that put a request's values in its URL, and PathValues
// the expressions of those in the path.
func (m method) Writes() []string {
	var lines []string
	for i, f := range m.InPath() {
		if isText(f.Type) {
			name := fmt.Sprintf("path%d", i+1)
			lines = append(lines, name+", err := req."+f.Go+".MarshalText()", "if err != nil {", "return kithttp.Parts{}, err", "}")
		}
	}
	if m.HasQuery() {
		lines = append(lines, "query := url.Values{}")
	}
	for _, f := range m.Params {
		if m.Place(f.Field) == spec.InQuery {
			lines = append(lines, writeQuery(f.Field)...)
		}
	}
	return lines
}

// HasQuery reports whether the method has parameters in the query.
func (m method) HasQuery() bool {
	return slices.ContainsFunc(m.Params, func(f field) bool { return m.Place(f.Field) == spec.InQuery })
}

// PathValues is what goes into the path's variables.
func (m method) PathValues() string {
	var values []string
	for i, f := range m.InPath() {
		if isText(f.Type) {
			values = append(values, fmt.Sprintf("string(path%d)", i+1))
		} else {
			values = append(values, text(f.Type, "req."+f.Go, false))
		}
	}
	return strings.Join(values, ", ")
}

// writeQuery are the statements that add one parameter to the query. What is the
// zero value is left out, as the other side reads it so.
func writeQuery(f spec.Field) []string {
	v, t := "req."+f.Go, f.Type
	switch {
	case t.Kind == spec.Pointer:
		return slices.Concat([]string{"if " + v + " != nil {"}, add(f, t.Elem, v, true), []string{"}"})
	case t.Kind == spec.Slice:
		return slices.Concat([]string{"for _, v := range " + v + " {"}, add(f, t.Elem, "v", false), []string{"}"})
	case isText(t):
		return []string{
			"if text, err := " + v + ".MarshalText(); err != nil {", "return kithttp.Parts{}, err",
			"} else if len(text) > 0 {", "query.Set(" + strconv.Quote(f.JSON) + ", string(text))", "}",
		}
	}
	return slices.Concat([]string{"if " + given(t, v) + " {"}, add(f, t, v, false), []string{"}"})
}

// add is the statement that adds v, of type t, to the query; or what it points to.
func add(f spec.Field, t *spec.Type, v string, pointer bool) []string {
	if !isText(t) {
		return []string{"query.Add(" + strconv.Quote(f.JSON) + ", " + text(t, v, pointer) + ")"}
	}
	return []string{
		"text, err := " + v + ".MarshalText()", "if err != nil {", "return kithttp.Parts{}, err", "}",
		"query.Add(" + strconv.Quote(f.JSON) + ", string(text))",
	}
}

// given is a condition that v, of type t, is not the zero value.
func given(t *spec.Type, v string) string {
	switch t.Kind {
	case spec.String:
		return v + ` != ""`
	case spec.Bool:
		return v
	case spec.Time:
		return "!" + v + ".IsZero()"
	}
	return v + " != 0"
}

// text is an expression of v, of type t, as it is in a URL; or of what v points to.
func text(t *spec.Type, v string, pointer bool) string {
	value := v
	if pointer {
		value = "*" + v
	}
	as := func(typ string) string {
		if t.Go == typ {
			return value
		}
		return typ + "(" + value + ")"
	}
	switch t.Kind {
	case spec.String:
		return as("string")
	case spec.Bool:
		return "strconv.FormatBool(" + as("bool") + ")"
	case spec.Int, spec.Int8, spec.Int16, spec.Int32:
		return "strconv.Itoa(" + as("int") + ")"
	case spec.Uint, spec.Uint8, spec.Uint16, spec.Uint32, spec.Uint64:
		return "strconv.FormatUint(" + as("uint64") + ", 10)"
	case spec.Float32:
		return "strconv.FormatFloat(" + as("float64") + ", 'g', -1, 32)"
	case spec.Float64:
		return "strconv.FormatFloat(" + as("float64") + ", 'g', -1, 64)"
	case spec.Time:
		return v + ".Format(time.RFC3339Nano)"
	case spec.Duration:
		return v + ".String()"
	}
	return "strconv.FormatInt(" + as("int64") + ", 10)"
}
