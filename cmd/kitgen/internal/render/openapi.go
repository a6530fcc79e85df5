package render

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/httpgate"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// OpenAPIPath is where the description of the service over HTTP is.
func (v *view) OpenAPIPath() string { return OpenAPIPath(v.Service) }

// OpenAPIPath is where the description of svc over HTTP is, relative to its directory.
func OpenAPIPath(svc *spec.Service) string { return path.Dir(ProtoPath(svc)) + "/openapi.json" }

// described is the description as a file, and what callers of the committed one will
// miss of it. What they would misread is an error.
func described(v *view) (f File, err error) {
	f = File{Path: v.OpenAPIPath(), Kind: Generated}
	if f.Text, err = openAPI(v); err != nil {
		return f, fmt.Errorf("describe the service over HTTP: %w", err)
	}
	verdict, err := httpgate.Check(v.Service, f.Path, v.in.OldOpenAPI, f.Text)
	if err != nil {
		return f, err
	}
	f.Lost = verdict.Lost
	if len(verdict.Refused) > 0 {
		return f, &misread{verdict.Refused}
	}
	return f, nil
}

// misread is an error of what callers over HTTP would misread.
type misread struct{ changes httpgate.Changes }

func (m *misread) Error() string { return m.changes.Beside(nil).Error() }

// together is the first of errs, as if files were made one by one; but of what both
// wires refuse, each change once.
func together(errs []error) error {
	var refused spec.Problems
	for _, err := range errs {
		switch err := err.(type) { //nolint:errorlint // as they were returned
		case nil:
		case spec.Problems:
			refused = append(refused, err...)
		case *misread:
			refused = err.changes.Beside(refused)
		default:
			if len(refused) == 0 {
				return err
			}
		}
	}
	return refused.Err()
}

// openAPI describes the service over HTTP, as OpenAPI 3.1.
func openAPI(v *view) ([]byte, error) {
	d := &description{schemas: newSchemas(v.Service.Over("http")), errors: v.Errors, byShape: make(map[string]*pathItem)}
	for _, m := range v.Over("http") {
		if err := d.method(m); err != nil {
			return nil, err
		}
	}
	schemas, err := d.schemas.all()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = writeJSON(&b, object{
		{"openapi", "3.1.0"},
		{"info", object{{"title", v.Name}}.with("description", prose(v.Doc)).with("version", "v1")},
		{"paths", d.paths()},
		{"components", object{}.with("schemas", schemas).with("responses", object{{"Problem", problem}})},
	}, "")
	b.WriteByte('\n')
	return b.Bytes(), err
}

// description is an OpenAPI document in the making.
type description struct {
	schemas *schemas
	errors  []spec.Error
	items   []*pathItem
	byShape map[string]*pathItem
}

// pathItem is the methods at one path.
type pathItem struct {
	path       string
	operations object
}

func (d *description) paths() object {
	var o object
	for _, item := range d.items {
		o = append(o, member{item.path, item.operations})
	}
	return o
}

// method adds a method at its route.
func (d *description) method(m method) error {
	item := d.item(m.Route())
	op := object{{"operationId", cmp.Or(m.Was, m.Name)}}.with("summary", summary(m.Doc)).with("description", details(m.Doc))
	params, err := d.parameters(m, spec.Route{Path: item.path}.Variables())
	if err != nil {
		return err
	}
	body, err := d.body(m)
	if err != nil {
		return err
	}
	responses, err := d.responses(m)
	if err != nil {
		return err
	}
	op = op.with("parameters", params).with("requestBody", body).with("responses", responses)
	if m.Idempotent && !slices.Contains([]string{http.MethodGet, http.MethodPut, http.MethodDelete}, m.Verb()) {
		op = append(op, member{"x-idempotent", true})
	}
	item.operations = append(item.operations, member{strings.ToLower(m.Verb()), op})
	return nil
}

// item is the one for a path. Two that differ in the names of variables alone are
// one to OpenAPI, under the names that come first.
func (d *description) item(route string) *pathItem {
	item, ok := d.byShape[shape(route)]
	if !ok {
		item = &pathItem{path: route}
		d.byShape[shape(route)] = item
		d.items = append(d.items, item)
	}
	return item
}

// shape is a path without the names of its variables.
func shape(route string) string {
	segments := strings.Split(route, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// parameters are those in the URL; variables is what the path calls its own.
func (d *description) parameters(m method, variables []string) (params []any, err error) {
	for i, f := range m.InPath() {
		schema, err := d.schemas.inText(f.Type)
		if err != nil {
			return nil, err
		}
		params = append(params, object{{"name", variables[i]}, {"in", "path"}, {"required", true}, {"schema", schema}})
	}
	for _, f := range m.Params {
		if m.Place(f.Field) != spec.InQuery {
			continue
		}
		schema, err := d.schemas.inQuery(f.Type)
		if err != nil {
			return nil, err
		}
		params = append(params, object{{"name", f.JSON}, {"in", "query"}, {"schema", schema}})
	}
	return params, nil
}

// body is what of a request is JSON; empty if nothing is. That of a sequence is a
// line for each of its elements, after one for the rest.
func (d *description) body(m method) (object, error) {
	fields := plain(m.BodyFields())
	var lines []any
	if m.StreamIn {
		item, err := d.schemas.add(m.Name+"Item", nil, []spec.Field{m.Method.Item()}, true)
		if err != nil {
			return nil, err
		}
		fields, lines = fields[:len(fields)-1], []any{item}
	}
	if len(fields) == 0 && !m.StreamIn {
		return nil, nil
	}
	if len(fields) > 0 {
		ref, err := d.schemas.add(m.Request, nil, fields, false)
		if err != nil || !m.StreamIn {
			return content(jsonText, ref), err
		}
		lines = append([]any{ref}, lines...)
	}
	if len(lines) == 1 {
		return content(jsonLines, lines[0]), nil
	}
	return content(jsonLines, object{{"anyOf", lines}}).
		with("description", "the first line has all but the sequence, each that follows one of its elements"), nil
}

const (
	jsonText  = "application/json"
	jsonLines = "application/x-ndjson" // of which schemas describe one line
)

func content(media string, schema any) object {
	return object{{"content", object{{media, object{{"schema", schema}}}}}}
}

// responses are the answer, and each status of the service's own errors.
func (d *description) responses(m method) (object, error) {
	ref, err := d.schemas.add(m.Response, nil, plain(m.Results), true)
	if err != nil {
		return nil, err
	}
	answer := append(object{{"description", "the answer"}}, content(jsonText, ref)...)
	if m.StreamOut {
		answer = append(object{{"description", "a line for each element, and one more if the sequence breaks off"}}, content(jsonLines, ref)...)
	}
	o := object{{"200", answer}}
	if !m.NoError {
		o = append(o, d.failures()...)
	}
	return append(o, member{"default", object{{"$ref", "#/components/responses/Problem"}}}), nil
}

// failures are the responses that the service's own errors are, by status.
func (d *description) failures() (o object) {
	sorted := slices.SortedStableFunc(slices.Values(d.errors), func(a, b spec.Error) int { return cmp.Compare(a.Status, b.Status) })
	for len(sorted) > 0 {
		status := sorted[0].Status
		n := slices.IndexFunc(sorted, func(e spec.Error) bool { return e.Status != status })
		if n < 0 {
			n = len(sorted)
		}
		var lines []string
		var codes []any
		for _, e := range sorted[:n] {
			codes = append(codes, e.Code)
			lines = append(lines, e.Code+": "+cmp.Or(e.Message, strings.Join(e.Doc, " "), e.Name))
		}
		o = append(o, member{strconv.Itoa(status), object{{"description", strings.Join(lines, "\n")}, {"content", problemContent}, {"x-codes", codes}}})
		sorted = sorted[n:]
	}
	return o
}

// problem is what every failure is answered with: RFC 9457.
var problem = object{{"description", "what went wrong, by a code for programs and in words for people"}, {"content", problemContent}}

var problemContent = object{{"application/problem+json", object{{"schema", object{
	{"type", "object"},
	{"properties", object{
		{"type", object{{"type", "string"}}},
		{"title", object{{"type", "string"}}},
		{"status", object{{"type", "integer"}}},
		{"detail", object{{"type", "string"}}},
		{"code", object{{"type", "string"}}},
	}},
}}}}}

func plain(fields []field) []spec.Field {
	out := make([]spec.Field, len(fields))
	for i, f := range fields {
		out[i] = f.Field
	}
	return out
}

// prose is a comment, which Markdown and Go write alike as far as people do.
func prose(lines []string) string { return strings.Join(lines, "\n") }

// summary is the first sentence of a comment.
func summary(lines []string) string {
	first, _, _ := strings.Cut(strings.Join(lines, "\n"), "\n\n")
	first = strings.ReplaceAll(first, "\n", " ")
	if i := strings.Index(first, ". "); i >= 0 {
		first = first[:i]
	}
	return strings.TrimSuffix(first, ".")
}

// details are a comment, if it says more than its summary.
func details(lines []string) string {
	if text := strings.Join(lines, " "); strings.TrimSuffix(text, ".") == summary(lines) {
		return ""
	}
	return prose(lines)
}

// errKind is a kind of type that nobody has described.
func errKind(t *spec.Type) error {
	return fmt.Errorf("%s has kind %q, for which OpenAPI has no words yet", t.Go, t.Kind)
}
