package httpgate_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

var update = flag.Bool("update", false, "write what is now into testdata/gate.golden")

// generated renders a service, over HTTP alone, beside a committed document: what was
// refused or told, and the new document.
func generated(t testing.TB, source string, old []byte) (refused, lost string, document []byte) {
	t.Helper()
	svc, err := spec.LoadFS(fstest.MapFS{"svc.go": {Data: []byte(source)}}, spec.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	files, err := render.Render(render.Input{Service: svc, Transports: []string{"http"}, OldOpenAPI: old}, fstest.MapFS{})
	if err != nil {
		return err.Error(), "", nil
	}
	i := slices.IndexFunc(files, func(f render.File) bool { return f.Path == render.OpenAPIPath(svc) })
	if told := files[i].Lost.Beside(nil); len(told) > 0 {
		lost = told.Err().Error()
	}
	return "", lost, files[i].Text
}

// service is a file with an interface of these methods, and other declarations.
func service(methods string, more ...string) string {
	return "package svc\n\nimport (\n\t\"context\"\n\t\"errors\"\n\t\"iter\"\n\t\"math/big\"\n\t\"time\"\n)\n\n" +
		"var (\n\t_ = errors.New\n\t_ iter.Seq[int]\n\t_ big.Int\n\t_ time.Time\n)\n\n" +
		strings.Join(more, "\n\n") + "\n\ntype Service interface {\n" + methods + "\n}\n"
}

// method is one that takes and answers these.
func method(params, results string) string {
	if results != "" {
		results += ", "
	}
	return service("\tDo(ctx context.Context, " + params + ") (" + results + "err error)")
}

// TestTypes says what becomes of a type in a request, and in a response.
func TestTypes(t *testing.T) {
	const ok, refused, told = "", "refused", "told"
	for _, tt := range []struct{ was, is, sent, received string }{
		{"string", "string", ok, ok},
		{"string", "int", refused, refused},
		{"int32", "int64", ok, told},
		{"int64", "int32", refused, ok},
		{"uint8", "int16", ok, refused},
		{"int", "uint", refused, refused},
		{"int", "float64", ok, refused},
		{"float64", "int", refused, ok},
		{"float32", "float64", ok, told},
		{"int", "*int", ok, told},
		{"*int", "int", told, ok},
		{"string", "time.Time", refused, ok},
		{"time.Time", "string", ok, refused},
		{"string", "[]byte", refused, refused},
		{"string", "*big.Int", refused, refused},
		{"int", "*big.Int", ok, told},
		{"int", "time.Duration", ok, ok},
		{"[]int", "int", refused, refused},
		{"[]int32", "[]int64", ok, told},
		{"[]string", "[]int", refused, refused},
		{"[]int", "[3]int", refused, ok},
		{"[3]int", "[]int", ok, refused},
		{"[3]int", "[4]int", refused, refused},
		{"map[string]int", "map[int]int", refused, ok},
		{"map[int]int", "map[string]int", ok, refused},
		{"map[uint]int", "map[int]int", ok, refused},
		{"map[string]int", "map[string]string", refused, refused},
		{"map[string]int", "map[string]struct{}", refused, refused},
		{"P", "Q", ok, ok},
		{"P", "int", refused, refused},
		{"P", "map[string]int", refused, refused},
		{"Own", "int", refused, ok},
		{"int", "Own", ok, refused},
		{"Color", "int", ok, ok},
		{"Mood", "int", refused, refused},
		{"Q", "Narrow", refused, ok},
		{"[]Q", "map[string]Q", refused, refused},
		{"Tree", "Wood", ok, ok},
		{"Tree", "Bush", refused, refused},
	} {
		t.Run(tt.was+" becomes "+tt.is, func(t *testing.T) {
			declare := "type P struct{ X int }\n\ntype Q struct{ X int }\n\ntype Narrow struct{ X int8 }\n\ntype Own int\n\nfunc (Own) MarshalJSON() ([]byte, error)\n\n" +
				"//kit:enum\ntype Color int\n\nconst Red Color = 0\n\ntype Mood int\n\nfunc (Mood) MarshalText() ([]byte, error)\n\nfunc (*Mood) UnmarshalText([]byte) error\n\n" +
				"type Tree struct{ L, R *Tree; V int }\n\ntype Wood struct{ L, R *Wood; V int }\n\ntype Bush struct{ L, R *Bush; V string }\n\n"
			for _, side := range []struct{ what, want, was, is string }{
				{"sent", tt.sent, method("a "+tt.was, ""), method("a "+tt.is, "")},
				{"received", tt.received, method("b int", "a "+tt.was), method("b int", "a "+tt.is)},
			} {
				_, _, old := generated(t, side.was+declare, nil)
				no, lost, _ := generated(t, side.is+declare, old)
				got := ok
				switch {
				case no != "":
					got = refused
				case lost != "":
					got = told
				}
				if got != side.want {
					t.Errorf("%s: %q, want %q\n%s%s", side.what, got, side.want, no, lost)
				}
			}
		})
	}
}

const before = `	Sum(ctx context.Context, a, b int) (sum int, total *int64, err error)
	//kit:http GET /things/{id}
	Get(ctx context.Context, id string, limit int, word string) (thing Thing, err error)
	//kit:http DELETE /things/{id}
	Del(ctx context.Context, id string) error`

const things = `type Thing struct { Name string ` + "`json:\"name\"`" + `
	Size int }`

// TestGate says of pairs of versions, in testdata/gate.golden, what is refused of the
// second, or told.
func TestGate(t *testing.T) {
	one := service(before, things)
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(one) }
	errs := func(list string) string { return service(before, things, "var (\n"+list+"\n)") }
	two := errs("ErrA = errors.New(\"\") //kit:error aa 404\nErrB = errors.New(\"\") //kit:error bb 409")
	var got strings.Builder
	for _, tt := range []struct{ name, before, after string }{
		{"nothing but comments and order", one, edit("\tSum(", "\t// Sum sums.\n\tSum(", "a, b int", "b, a int")},
		{"one more of everything", one, edit("a, b int", "a, b, c int", "word string", "word string, from []int", "Size int", "Size, More int", "total *int64", "total *int64, also bool", "\tSum(", "\tMore(ctx context.Context) error\n\tSum(")},
		{"one less of everything", one, edit("a, b int", "a int", ", word string", "", "\n\tSize int", "", ", total *int64", "")},
		{"a method less", one, edit("\tSum(ctx context.Context, a, b int) (sum int, total *int64, err error)\n", "")},
		{"other names", one, edit("a, b int", "a, addend int", "word string", "text string", `json:"name"`, `json:"title"`, "total *int64", "all *int64")},
		{"other names, as told", one, edit("\tSum(", "\t//kit:was Sum\n\t//kit:was addend=b all=total\n\tAdd(", "a, b int", "a, addend int", "//kit:http GET", "//kit:was text=word\n\t//kit:http GET", "word string", "text string", "Name string", "Title string", "total *int64", "all *int64")},
		{"a directive that JSON does not know", one, edit("\n\tSize int", "\n\t//kit:was Size\n\tLength int")},
		{"a number that the .proto gives", one, edit("\n\tSize int", "\n\t//kit:proto 7\n\tLength int")},
		{"a method of another name", one, edit("\tSum(", "\tAdd(")},
		{"another name at the same route", one, edit("\tDel(", "\tRemove(")},
		{"another name at another route", one, edit("\tDel(", "\tRemove(", "DELETE /things/{id}", "DELETE /thing/{id}")},
		{"other routes", one, edit("//kit:http DELETE /things/{id}", "", "GET /things/{id}", "GET /thing/{id}")},
		{"two routes that change places", one, edit("//kit:http DELETE /things/{id}", "//kit:http PUT /sum", "\tSum(", "\t//kit:http PUT /things/{a}\n\tSum(")},
		{"another name of a variable", one, edit("/things/{id}", "/things/{key}", "id string", "key string")},
		{"another variable", service("//kit:http PUT /x/{a}\nX(ctx context.Context, a, b string) error"), service("//kit:http PUT /x/{b}\nX(ctx context.Context, a, b string) error")},
		{"a variable of another type", one, edit("DELETE /things/{id}\n\tDel(ctx context.Context, id string", "DELETE /things/{id}\n\tDel(ctx context.Context, id int")},
		{"several in a query where one was", one, edit("limit int, word string", "limit []int, word []string")},
		{"one in a query where several were", edit("limit int, word string", "limit []int, word string"), one},
		{"a duration in a query where text was", one, edit("word string", "word time.Duration")},
		{
			"types of parts",
			service("Do(ctx context.Context, p map[string][]P) (q P, err error)", "type P struct { X int; L []string }"),
			service("Do(ctx context.Context, p map[string][]P) (q P, err error)", "type P struct { X string; L []int }"),
		},
		{"a struct of another package", method("a big.Accuracy", ""), method("a string", "")},
		{"a narrower number", method("a int16", ""), method("a int8", "")},
		{"more than callers have met", method("a *int", "b int32, c string"), method("a int", "b int64, c *string")},
		{"one of two that are of one type", service("Do(ctx context.Context, p Thing, q *Thing) error", things), service("Do(ctx context.Context, p, q Thing) error", things)},
		{"a stream of answers", method("a int", "r []int"), method("a int", "r iter.Seq2[int, error]")},
		{"a stream of questions", method("a iter.Seq[int]", ""), method("a []int", "")},
		{"a first line", method("a iter.Seq[int]", ""), method("b int, a iter.Seq[int]", "")},
		{"another element of a stream", method("a iter.Seq[int]", ""), method("b iter.Seq[string]", "")},
		{"another status", two, strings.Replace(two, "aa 404", "aa 410", 1)},
		{"another code", two, strings.Replace(two, "aa 404", "aaa 404", 1)},
		{"a code less", two, strings.Replace(two, "//kit:error bb 409", "", 1)},
		{"a code more", two, errs("ErrA = errors.New(\"\") //kit:error aa 404\nErrB = errors.New(\"\") //kit:error bb 409\nErrC = errors.New(\"\") //kit:error cc 409")},
	} {
		_, _, old := generated(t, tt.before, nil)
		refused, lost, document := generated(t, tt.after, old)
		fmt.Fprintf(&got, "== %s\n", tt.name)
		for line := range strings.Lines(refused + lost) {
			fmt.Fprintf(&got, "%s\n", strings.TrimSuffix(line, "\n"))
		}
		if refused != "" {
			continue
		}
		if refused, lost, _ := generated(t, tt.after, document); refused != "" || lost != "" {
			t.Errorf("%s is told twice: %s%s", tt.name, refused, lost)
		}
	}
	const golden = "testdata/gate.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("after a look at it, go test -update (-want +got):\n%s", diff)
	}
}

// FuzzCheck: whatever the committed document has become, there is no panic and no end.
func FuzzCheck(f *testing.F) {
	source := service(before, things)
	_, _, document := generated(f, source, nil)
	f.Add(string(document))
	for _, old := range []string{
		"", "null", "[]", "<<<<<<< HEAD", "{", `{"paths":{"/sum":null}}`, `{"paths":{"/sum":{"post":null}}}`,
		`{"paths":{"/sum":{"post":{"operationId":"Sum","requestBody":{"content":{"application/json":{"schema":null}}}}}}}`,
		`{"paths":{"/sum":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}}}},"components":{"schemas":{"A":{"$ref":"#/components/schemas/A"}}}}`,
		`{"paths":{"/sum":{"post":{"requestBody":{"content":{"application/x-ndjson":{"schema":{"anyOf":[null,{"$ref":"#/components/schemas/A"}]}}}}}}},"components":{"schemas":{"A":{"type":"array","items":{"$ref":"#/components/schemas/A"}}}}}`,
		`{"paths":{"/sum":{"post":{"parameters":[{"in":"query"},{"in":"path"}],"responses":{"200":{},"x":{"x-codes":["a"]}}}}}}`,
		`{"paths":{"/sum":{"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"a":{"type":["array"],"items":null},"b":{"anyOf":[{},null]}}}}}}}}}}`,
	} {
		f.Add(old)
	}
	f.Fuzz(func(t *testing.T, old string) {
		if refused, _, document := generated(t, source, []byte(old)); (refused == "") != (document != nil) {
			t.Errorf("refused %q, and made %q", refused, document)
		}
	})
}
