package project

import (
	"go/format"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sum = "Sum(ctx context.Context, a, b int) (sum int, err error)"

func into(t *testing.T, source, method string) *Insertion {
	t.Helper()
	m, err := ParseMethod(method)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Into("a.go", []byte(source), "Service")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestMethodInto(t *testing.T) {
	const head = "package a\n\nimport \"context\"\n\n"
	for name, tt := range map[string]struct{ source, method, want string }{
		"behind the last":  {"type Service interface {\n\tA(ctx context.Context) error\n}\n", sum, "type Service interface {\n\tA(ctx context.Context) error\n\t" + sum + "\n}\n"},
		"the first":        {"type Service interface{}\n", sum, "type Service interface{\n\t" + sum + "\n}\n"},
		"on one line":      {"type Service interface{ A(ctx context.Context) error }\n", sum, "type Service interface{ A(ctx context.Context) error\n\t" + sum + "\n }\n"},
		"behind a comment": {"type Service interface {\n\tA(ctx context.Context) error // one\n\t// two\n}\n", sum, "type Service interface {\n\tA(ctx context.Context) error // one\n\t" + sum + "\n\t// two\n}\n"},
		"with its own":     {"type Service interface {\n\tA(ctx context.Context) error\n}\n", "// Sum adds.\n" + sum, "type Service interface {\n\tA(ctx context.Context) error\n\n\t// Sum adds.\n\t" + sum + "\n}\n"},
		"there already":    {"type Service interface {\n\tSum(ctx context.Context, a, b int) (sum int,\n\t\terr error)\n}\n", sum, "type Service interface {\n\tSum(ctx context.Context, a, b int) (sum int,\n\t\terr error)\n}\n"},
		"another's":        {"type Other interface {\n\t" + sum + "\n}\n\ntype Service interface {\n}\n", sum, "type Other interface {\n\t" + sum + "\n}\n\ntype Service interface {\n\t" + sum + "\n}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := into(t, head+tt.source, tt.method)
			if diff := cmp.Diff(head+tt.want, string(got.Text)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestMethodImports(t *testing.T) {
	got := into(t, "package a\n\nimport (\n\t\"context\"\n\n\t\"example.com/b\"\n)\n\ntype Service interface {\n}\n", "At(ctx context.Context, u url.URL, d time.Duration, x b.X) error")
	const want = "package a\n\nimport (\n\t\"context\"\n\t\"net/url\"\n\t\"time\"\n\n\t\"example.com/b\"\n)\n"
	if !strings.HasPrefix(string(got.Text), want) {
		t.Errorf("got\n%s", got.Text)
	}
}

func TestMethodRefused(t *testing.T) {
	for _, bad := range []string{"", "A", "A()\nB()", "A() }", "}; type U interface{ A()", "io.Closer", "A(", "A() error { return nil }", "~int", "/*"} {
		if _, err := ParseMethod(bad); !refused(err) {
			t.Errorf("%q: %v, want a Refusal", bad, err)
		}
	}
	m, err := ParseMethod(sum)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"package a\n\ntype Service struct{}\n", "package a\n", "package a\n\ntype Service interface{ Sum() }\n", "package"} {
		if got, err := m.Into("a.go", []byte(source), "Service"); !refused(err) {
			t.Errorf("%q: %+v, %v, want a Refusal", source, got, err)
		}
	}
}

// FuzzMethod: whatever is typed ends as one method of the interface, or is
// refused.
func FuzzMethod(f *testing.F) {
	for _, seed := range []string{sum, "// a\n" + sum, "//kit:idempotent\nA()", "A(); // }", "A() /* */", "A(\n)", "A(f func(struct{ A int }))", "A(interface{ B() })"} {
		f.Add(seed)
	}
	const source = "package a\n\ntype Service interface {\n\tZ()\n}\n\nvar last int\n"
	f.Fuzz(func(t *testing.T, method string) {
		m, err := ParseMethod(method)
		if err != nil {
			if !refused(err) {
				t.Fatalf("%q: %v, want a Refusal", method, err)
			}
			return
		}
		if m.Name == "Z" {
			return
		}
		got, err := m.Into("a.go", []byte(source), "Service")
		if err != nil {
			t.Fatalf("%q: %v", method, err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", got.Text, 0)
		if err != nil || len(interfaceIn(file, "Service").Methods.List) != 2 || !strings.HasSuffix(string(got.Text), "\n\nvar last int\n") {
			t.Fatalf("%q: %v\n%s", method, err, got.Text)
		}
		if pretty, err := format.Source(got.Text); err != nil || string(pretty) != string(got.Text) && len(file.Imports) == 0 {
			t.Logf("%q is not gofmt-ed", method)
		}
	})
}
