package render

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// TestOpenAPIIsValid holds the descriptions of all sample services against the
// schema that the OpenAPI Initiative publishes, follows every reference, and has
// each of their own schemas compiled.
func TestOpenAPIIsValid(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", decode(t, must(os.ReadFile("testdata/openapi-3.1-schema.json"))(t))); err != nil {
		t.Fatal(err)
	}
	openapi, err := compiler.Compile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	samples := must(filepath.Glob("../spec/testdata/*.go"))(t)
	if len(samples) < 7 {
		t.Fatalf("samples: %v", samples)
	}
	for _, sample := range samples {
		name := strings.TrimSuffix(filepath.Base(sample), ".go")
		t.Run(name, func(t *testing.T) {
			text := documentOf(t, load(t, name, string(must(os.ReadFile(sample))(t))))
			document := decode(t, text)
			if err := openapi.Validate(document); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			follow(t, document, document)
			compileSchemas(t, document)
		})
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	return must(jsonschema.UnmarshalJSON(bytes.NewReader(text)))(t)
}

// documentOf is the OpenAPI document of a service.
func documentOf(t *testing.T, svc *spec.Service) []byte {
	t.Helper()
	v := must(newView(Input{Service: svc, Transports: []string{"http", "grpc"}}))(t)
	return must(openAPI(v))(t)
}

// follow finds what every reference in v is to.
func follow(t *testing.T, root, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			follow(t, root, e)
		}
	case map[string]any:
		for key, e := range v {
			if ref, ok := e.(string); ok && key == "$ref" && lookup(root, ref) == nil {
				t.Errorf("%s leads nowhere", ref)
			}
			follow(t, root, e)
		}
	}
}

func lookup(v any, ref string) any {
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[part]
	}
	return v
}

// compileSchemas compiles the types of a document.
func compileSchemas(t *testing.T, document any) {
	t.Helper()
	schemas, _ := lookup(document, "#/components/schemas").(map[string]any)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("document.json", document); err != nil {
		t.Fatal(err)
	}
	for name := range schemas {
		if _, err := c.Compile("document.json#/components/schemas/" + name); err != nil {
			t.Error(err)
		}
	}
}

// Two paths that differ in the names of variables are one in OpenAPI.
func TestOpenAPIPaths(t *testing.T) {
	text := string(documentOf(t, load(t, "a", `package a

import "context"

type Service interface {
	//kit:http GET /users/{id}
	Get(ctx context.Context, id string) error
	//kit:http PUT /users/{name}
	Put(ctx context.Context, name string) error
}
`)))
	if strings.Contains(text, "{name}") || strings.Contains(text, `"name": "name"`) || strings.Count(text, `"/users/{id}"`) != 1 {
		t.Error(text)
	}
}

func TestOpenAPIRefusesUnknownKinds(t *testing.T) {
	svc := load(t, "a", "package a\n\nimport \"context\"\n\ntype Service interface{ Get(ctx context.Context, id string) error }\n")
	svc.Methods[0].Params[0].Type.Kind = "hologram"
	v := must(newView(Input{Service: svc, Transports: []string{"http"}}))(t)
	if _, err := openAPI(v); err == nil || !strings.Contains(err.Error(), `has kind "hologram"`) {
		t.Errorf("a kind that there is not: %v", err)
	}
}
