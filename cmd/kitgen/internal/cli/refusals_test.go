package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateGolden = flag.Bool("update", false, "write what is now into testdata/refusals.golden")

// refusal is an input that kitgen must refuse: with a message that has place and
// mend, an exit code, and a tree as it was.
type refusal struct {
	n      string // of reference/generators.md §6
	what   string
	made   []string // services that are there already
	files  map[string]string
	args   []string
	others string // where the same is tested, of what cannot be shown here
}

func (r refusal) name() string { return r.n + " " + r.what }

// named refuses a service by its name.
func named(n, what, name string) refusal {
	return refusal{n: n, what: what, args: []string{"new", "service", name}}
}

// from refuses a service because of the file with its interface.
func from(n, what, source string) refusal {
	return refusal{n: n, what: what, files: map[string]string{"in.go": source}, args: []string{"new", "service", "greeter", "--from", "in.go"}}
}

// having refuses an interface because of one of its lines.
func having(n, what, method string) refusal {
	return from(n, what, "package in\n\nimport \"context\"\n\ntype Service interface {\n\t"+method+"\n}\n")
}

// over refuses a type: that of a parameter.
func over(n, what, declarations, typ string) refusal {
	return from(n, what, "package in\n\nimport \"context\"\n\n"+declarations+"\n\ntype Service interface {\n\tDo(ctx context.Context, p "+typ+") error\n}\n")
}

// changed refuses to generate a service that was changed since.
func changed(n, what string, files map[string]string) refusal {
	return refusal{n: n, what: what, made: []string{"greeter"}, files: files, args: []string{"-C", "greeter", "generate"}}
}

const greeterBefore = "package greeter\n\nimport \"context\"\n\ntype Service interface {\n"

var refusals = []refusal{
	named("01", "no name", ""),
	named("02", "digit first", "1x"),
	named("02", "space", "a b"),
	named("02", "dash", "a-b"),
	named("03", "keyword", "func"),
	named("03", "predeclared", "error"),
	named("03", "predeclared type", "string"),
	named("04", "package that is imported", "context"),
	named("05", "parent directory", "../evil"),
	named("05", "absolute path", "/abs/x"),
	named("05", "path", "a/b"),
	named("05", "path of Windows", `a\b`),
	named("05", "NUL", "a\x00b"),
	named("06", "not ASCII", "größe"),
	named("07", "device of Windows", "con"),
	named("07", "device of Windows in capitals", "NUL"),
	named("07", "trailing dot", "greeter."),
	named("07", "too long for DNS", strings.Repeat("a", 64)),
	named("08", "word of the go command", "vendor"),
	named("08", "test package", "greeter_test"),
	{n: "09", what: "directory with files", files: map[string]string{"greeter/mine.txt": ""}, args: []string{"new", "service", "greeter"}},
	{n: "10", what: "go.mod without a module", files: map[string]string{"go.mod": "go 1.26\n"}, args: []string{"new", "service", "greeter"}},
	{n: "10", what: "module path that is none", args: []string{"new", "service", "greeter", "--module", "a b"}},
	{n: "11", what: "target that takes no files", args: []string{"-C", "/proc", "new", "service", "greeter", "--module", "greeter"}},
	{n: "11", what: "full disk, kill in the middle", others: "internal/project faults_test.go, kill_test.go"},

	from("12", "no methods", "package in\n\ntype Service interface{}\n"),
	from("13", "no interface", "package in\n"),
	from("13", "none exported", "package in\n\ntype service interface{}\n"),
	{n: "13", what: "none of that name", files: map[string]string{"in.go": "package in\n\ntype A interface{}\n\ntype B interface{}\n"}, args: []string{"new", "service", "greeter", "--from", "in.go", "--interface", "C"}},
	from("14", "two interfaces", "package in\n\nimport \"context\"\n\ntype A interface{ F(ctx context.Context) error }\n\ntype B interface{ G(ctx context.Context) error }\n"),
	from("15", "generic interface", "package in\n\nimport \"context\"\n\ntype Service[T any] interface{ F(ctx context.Context, t T) error }\n"),
	from("16", "set of types", "package in\n\ntype Service interface{ ~int }\n"),
	having("17", "unexported method", "greet(ctx context.Context) error"),
	from("18", "embedded method without a context", "package in\n\nimport (\n\t\"context\"\n\t\"io\"\n)\n\ntype Service interface {\n\tio.Closer\n\tF(ctx context.Context) error\n}\n"),
	having("19", "no context", "Add(a, b int) (sum int, err error)"),
	having("19", "context second", "Add(a int, ctx context.Context) (sum int, err error)"),
	having("19", "two contexts", "Add(ctx context.Context, other context.Context) error"),
	having("20", "no error", "Add(ctx context.Context, a, b int) (sum int)"),
	having("21", "error first", "Add(ctx context.Context) (err error, sum int)"),
	having("22", "two errors", "Add(ctx context.Context) (warning error, err error)"),
	from("23", "error of a concrete type", "package in\n\nimport \"context\"\n\ntype Bad struct{ Why string }\n\nfunc (*Bad) Error() string { return \"\" }\n\ntype Service interface {\n\tDo(ctx context.Context) *Bad\n}\n"),
	having("24", "error as a parameter", "Tell(ctx context.Context, cause error) error"),
	having("25", "parameters without names", "Add(ctx context.Context, _ int, _ string) error"),
	having("26", "name that is not ASCII", "Größe(ctx context.Context, maß int) error"),
	having("27", "names alike but for case", "Get(ctx context.Context) error\n\tGET(ctx context.Context) error"),
	having("27", "fields alike in snake case", "Get(ctx context.Context, userID string, user_id string) error"),
	over("27", "type that generated code declares", "type DoRequest struct{ A int }", "DoRequest"),
	having("27", "method of the client", "Close(ctx context.Context) error"),
	from("28", "package main", "package main\n\nimport \"context\"\n\ntype Service interface{ F(ctx context.Context) error }\n"),
	changed("28", "test file", map[string]string{"greeter/greeter.go": "package greeter\n", "greeter/mine_test.go": "package greeter\n\ntype Service interface{}\n"}),
	from("29", "syntax, all of it", "package in\n\nfunc (\n\ntype Service interface {\n\tF(ctx context.Context error\n}\n"),
	from("30", "generated file", "// Code generated by x. DO NOT EDIT.\n\npackage in\n\ntype Service interface{}\n"),
	from("30", "file that is not built", "//go:build ignore\n\npackage in\n\ntype Service interface{}\n"),
	changed("31", "import of its own generated code", map[string]string{"greeter/greeter.go": "package greeter\n\nimport (\n\t\"context\"\n\n\tpb \"greeter/api/greeter/v1\"\n)\n\ntype Service interface {\n\tGreet(ctx context.Context, name pb.GreetRequest) error\n}\n"}),

	over("32", "channel", "", "chan int"),
	over("32", "function", "", "func()"),
	over("32", "complex number", "", "complex128"),
	over("32", "uintptr", "", "uintptr"),
	over("32", "interface", "", "interface{ M() }"),
	from("32", "streams both ways over HTTP", "package in\n\nimport (\n\t\"context\"\n\t\"iter\"\n)\n\ntype Service interface {\n\tEcho(ctx context.Context, in iter.Seq[int]) (iter.Seq2[int, error], error)\n}\n"),
	over("33", "key of a map", "", "map[float64]string"),
	over("34", "any", "", "any"),
	over("35", "ambiguous promoted field", "type A struct{ X int }\n\ntype B struct{ X int }\n\ntype P struct {\n\tA\n\tB\n}", "P"),
	over("36", "no exported field", "type P struct{ x int }", "P"),
	over("37", "import that is not there", "", "nowhere.Thing"),
	from("37", "package that is not there", "package in\n\nimport (\n\t\"context\"\n\n\t\"example.com/nowhere\"\n)\n\ntype Service interface{ Do(ctx context.Context, p nowhere.Thing) error }\n"),
	over("38", "type that contains itself", "type P []P", "P"),
	over("39", "two types of one message name", "type UserV1 struct{ A int }\n\ntype User_V1 struct{ B int }\n\ntype P struct {\n\tA UserV1\n\tB User_V1\n}", "P"),

	having("40", "variable that is no parameter", "//kit:http GET /users/{id}\n\tGet(ctx context.Context, name string) error"),
	having("40", "variable twice", "//kit:http GET /users/{id}/{id}\n\tGet(ctx context.Context, id string) error"),
	having("40", "path to escape", "//kit:http GET /a b\n\tGet(ctx context.Context) error"),
	from("41", "GET with a body", "package in\n\nimport \"context\"\n\ntype P struct{ A int }\n\ntype Service interface {\n\t//kit:http GET /x\n\tX(ctx context.Context, p P) error\n}\n"),
	having("42", "two methods on one route", "//kit:http GET /x\n\tA(ctx context.Context) error\n\t//kit:http GET /x\n\tB(ctx context.Context) error"),
	having("42", "verb that is none", "//kit:http FETCH /x\n\tA(ctx context.Context) error"),
	changed("43", "what callers would misread", map[string]string{"greeter/greeter.go": greeterBefore + "\tGreet(ctx context.Context, name int) (greeting string, err error)\n}\n"}),
	changed("43", "a route that callers look for", map[string]string{"greeter/greeter.go": greeterBefore + "\t//kit:http GET /greet/{name}\n\tGreet(ctx context.Context, name string) (greeting string, err error)\n}\n"}),
	having("44", "number out of range", "//kit:proto a=19500\n\tA(ctx context.Context, a int) error"),
	having("44", "directive that is none", "//kit:htttp GET /x\n\tA(ctx context.Context) error"),
	changed("45", "edited generated file", map[string]string{"greeter/http_gen.go": "// mine\npackage greeter\n"}),
	changed("45", "newer kitgen", map[string]string{"greeter/kitgen.json": `{"kitgen": "99.0.0", "service": "greeter", "transports": ["http"]}`}),
	changed("45", "another kitgen is pinned", map[string]string{"greeter/go.mod": "module greeter\n\nrequire github.com/kitgen/kitgen/cmd/kitgen v99.0.0\n"}),
	changed("45", "merge conflict", map[string]string{"greeter/greeter.go": "package greeter\n\n<<<<<<< mine\ntype Service interface{}\n=======\n>>>>>>> theirs\n"}),
	{n: "45", what: "port in use", others: "internal/cli doctor_test.go, internal/dev"},
	{n: "45", what: "unknown transport and registry", args: []string{"new", "service", "greeter", "--transports", "gprc", "--registry", "zoo"}},
	{n: "45", what: "no kitgen.json", args: []string{"generate"}},
	{n: "45", what: "no such directory", args: []string{"generate", "nowhere"}},
}

// TestRefusals compares with testdata/refusals.golden what kitgen says to each
// bad input, and the tree with what it was.
func TestRefusals(t *testing.T) {
	var got strings.Builder
	for _, r := range refusals {
		if r.others != "" {
			continue
		}
		t.Run(r.name(), func(t *testing.T) {
			fmt.Fprintf(&got, "== %s\n%s\n", r.name(), refuse(t, r))
		})
	}
	const golden = "testdata/refusals.golden"
	if *updateGolden {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("after a look at it, go test -run Refusals -update (-want +got):\n%s", diff)
	}
}

// refuse runs one refusal and returns what the user sees.
func refuse(t *testing.T, r refusal) string {
	t.Helper()
	dir := t.TempDir()
	for _, service := range r.made {
		runKitgen(t, dir, exitOK, "new", "service", service)
	}
	for name, text := range r.files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := treeHash(t, dir)
	t.Chdir(dir)
	var out, errs bytes.Buffer
	code := Main(t.Context(), r.args, nil, &out, &errs)
	if after := treeHash(t, dir); after != before {
		t.Errorf("the tree has changed")
	}
	if code == exitOK || code == exitError || out.Len() > 0 {
		t.Errorf("exit code %d, and on stdout %q", code, &out)
	}
	shown := make([]string, len(r.args))
	for i, a := range r.args {
		shown[i] = a
		if a == "" || strings.ContainsAny(a, " \x00\\") {
			shown[i] = fmt.Sprintf("%q", a)
		}
	}
	text := strings.ReplaceAll(errs.String(), dir, "$WORK")
	if head, _, ok := strings.Cut(text, "\n---"); ok { // what the file would be is in other golden files
		text = head + "\n…\n"
	}
	return fmt.Sprintf("$ kitgen %s\n%sexit %d\n", strings.Join(shown, " "), text, code)
}

// treeHash is one hash of all names, modes, times and texts below dir.
func treeHash(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(h, path, info.Mode(), info.ModTime().UnixNano())
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		h.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestRefusalsCoverAll checks that each of the 45 cases is there, and that each
// code that kitgen can say is met by a test.
func TestRefusalsCoverAll(t *testing.T) {
	for n := 1; n <= 45; n++ {
		if !slices.ContainsFunc(refusals, func(r refusal) bool { return r.n == fmt.Sprintf("%02d", n) }) {
			t.Errorf("nothing is refused for case %d", n)
		}
	}
	var met strings.Builder
	for _, pattern := range []string{"testdata/refusals.golden", "testdata/script/*.txtar", "../*/testdata/*/*.txtar", "../*/*_test.go"} {
		for _, file := range glob(t, pattern) {
			met.WriteString(read(t, file))
		}
	}
	code := regexp.MustCompile(`\bKG\d{3}b?\b`)
	for _, file := range glob(t, "../*/*.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, c := range code.FindAllString(read(t, file), -1) {
			if !strings.Contains(met.String(), c) {
				t.Errorf("%s can say %s, and no test has it say so", file, c)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
