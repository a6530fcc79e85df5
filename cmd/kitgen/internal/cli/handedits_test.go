package cli

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestHandEdits lets a user of many habits and kitgen take turns: 200 times in all the
// interface changes, files are edited by hand, and kitgen generates. Every line
// written by hand must survive, and the package must compile.
func TestHandEdits(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	for _, seed := range []uint64{1, 2} {
		t.Run("seed"+strconv.FormatUint(seed, 10), func(t *testing.T) {
			h := newHabits(t, seed)
			for h.round = range rounds {
				for range 1 + h.r.IntN(3) {
					h.edit()
				}
				args, changes := h.change()
				before := h.lines()
				out := runKitgen(t, h.dir, exitOK, append([]string{"generate", "--no-input", "--prune"}, args...)...)
				h.check(before, changes, out)
				h.tidyTests()
				h.compile()
				runKitgen(t, h.dir, exitOK, "generate")
				runKitgen(t, h.dir, exitOK, "generate", "--check")
			}
		})
	}
}

// habits is a user and a service of theirs.
type habits struct {
	t       *testing.T
	r       *rand.Rand
	dir     string
	round   int
	hands   int // things written by hand so far
	names   int // methods so far
	methods []rpc
	fset    *token.FileSet
	imports types.Importer
}

// rpc is a method of the interface.
type rpc struct{ name, params, result string }

func newHabits(t *testing.T, seed uint64) *habits {
	h := &habits{t: t, r: rand.New(rand.NewPCG(seed, 0)), dir: filepath.Join(t.TempDir(), "calc"), fset: token.NewFileSet()}
	h.methods = []rpc{h.method(), h.method()}
	from := filepath.Join(filepath.Dir(h.dir), "calc.go")
	if err := os.WriteFile(from, h.iface(), 0o600); err != nil {
		t.Fatal(err)
	}
	runKitgen(t, filepath.Dir(h.dir), exitOK, "new", "service", "calc", "--from", from, "--transports", "http", "--module", "example.com/calc")
	return h
}

func (h *habits) method() rpc {
	h.names++
	return rpc{fmt.Sprintf("M%d", h.names), h.params(), pick(h.r, []string{"int", "string", "[]string", "time.Duration"})}
}

func (h *habits) params() string {
	var out strings.Builder
	out.WriteString("ctx context.Context")
	for i := range h.r.IntN(4) {
		out.WriteString(fmt.Sprintf(", p%d %s", i, pick(h.r, []string{"int", "string", "bool", "time.Duration", "[]int64"})))
	}
	return out.String()
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (h *habits) iface() []byte {
	var b bytes.Buffer
	b.WriteString("package calc\n\nimport (\n\t\"context\"\n\t\"time\"\n)\n\nvar _ time.Duration\n\ntype Service interface {\n")
	for _, m := range h.methods {
		fmt.Fprintf(&b, "\t%s(%s) (out %s, err error)\n", m.name, m.params, m.result)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// change edits the interface, and says with which flags kitgen is told, and
// whether kitgen may change more than add.
func (h *habits) change() (args []string, changes bool) {
	i := h.r.IntN(len(h.methods))
	switch n := h.r.IntN(6); {
	case n == 0 && len(h.methods) > 2:
		h.methods = slices.Delete(h.methods, i, i+1)
		changes = true
	case n == 1:
		h.names++
		name := fmt.Sprintf("M%d", h.names)
		args, changes = []string{"--rename", h.methods[i].name + "=" + name, "--break-wire=http"}, true
		h.methods[i].name = name
	case n == 2:
		h.methods[i].params += fmt.Sprintf(", q%d bool", h.round)
		changes = true
	case n == 3:
		h.r.Shuffle(len(h.methods), func(i, j int) { h.methods[i], h.methods[j] = h.methods[j], h.methods[i] })
	case len(h.methods) < 12:
		h.methods = slices.Insert(h.methods, i, h.method())
	}
	h.write("calc.go", h.iface())
	return args, changes
}

// edit does one thing to one file by hand.
func (h *habits) edit() {
	file := pick(h.r, h.files())
	text := h.read(file)
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		h.t.Fatalf("round %d: %v\n%s", h.round, err, text)
	}
	eol := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		eol = "\r\n"
	}
	var fns []*ast.FuncDecl
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			fns = append(fns, fn)
		}
	}
	if len(fns) == 0 {
		return
	}
	h.hands++
	hand := fmt.Sprintf("hand%d", h.hands)
	i := h.r.IntN(len(fns))
	from, to := extent(f, fns[i])
	put := func(at int, s string) {
		h.write(file, slices.Concat(text[:at], []byte(strings.ReplaceAll(s, "\n", eol)), text[at:]))
	}
	switch h.r.IntN(9) {
	case 0:
		put(from, "// "+hand+" floats here.\n\n")
	case 1:
		put(from, "// "+hand+" helps.\nfunc "+hand+"() string { // "+hand+"\n\treturn   \""+hand+"\"\n}\n\n")
	case 2:
		put(int(fns[i].Body.Lbrace-f.FileStart)+1, "\n\t_ = \""+hand+"\" // mine\n")
	case 3:
		if line, _, _ := bytes.Cut(text[to:], []byte("\n")); len(bytes.TrimSpace(line)) == 0 {
			put(to, " // "+hand)
		}
	case 4:
		if i > 0 { // they change places
			a, b := extent(f, fns[i-1])
			h.write(file, slices.Concat(text[:a], text[from:to], text[b:from], text[a:b], text[to:]))
		}
	case 5:
		unix := bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		if eol == "\n" {
			unix = bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n"))
		}
		h.write(file, unix)
	case 6:
		at := int(fns[i].Body.Lbrace-f.FileStart) + 1
		h.write(file, slices.Concat(text[:at], bytes.ReplaceAll(text[at:to], []byte("\t"), []byte("  ")), text[to:]))
	case 7:
		if r := fns[i].Recv; r != nil {
			a, b := int(r.Opening-f.FileStart), int(r.Closing-f.FileStart)+1
			h.write(file, slices.Concat(text[:a], []byte(pick(h.r, []string{"(me *service)", "(me service)", "( *service )", "(service)"})), text[b:]))
		}
	case 8:
		moved := text[from:to]
		rest := slices.Concat(text[:from], text[to:])
		if fns[i].Recv != nil && !bytes.Contains(moved, []byte("time.")) && bytes.Contains(rest, []byte("context.")) && len(fns) > 1 {
			h.write(file, rest)
			h.write(hand+".go", []byte(strings.ReplaceAll("package calc // "+hand+"\n\nimport \"context\"\n\n"+string(moved)+"\n", "\n", eol)))
		}
	}
}

// extent is where fn is in its file, with its comment.
func extent(f *ast.File, fn *ast.FuncDecl) (from, to int) {
	start := fn.Pos()
	if fn.Doc != nil {
		start = fn.Doc.Pos()
	}
	return int(start - f.FileStart), int(fn.End() - f.FileStart)
}

// files are the Go files that the user edits.
func (h *habits) files() []string {
	all, err := filepath.Glob(filepath.Join(h.dir, "*.go"))
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, path := range all {
		switch name := filepath.Base(path); {
		case name == "service.go", name == "service_test.go", strings.HasPrefix(name, "hand"):
			out = append(out, name)
		}
	}
	return out
}

func (h *habits) read(name string) []byte {
	text, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

func (h *habits) write(name string, text []byte) {
	if err := os.WriteFile(filepath.Join(h.dir, name), text, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// lines counts the lines of each file.
func (h *habits) lines() map[string]map[string]int {
	out := map[string]map[string]int{}
	for _, name := range h.files() {
		out[name] = map[string]int{}
		for line := range bytes.Lines(h.read(name)) {
			out[name][string(line)]++
		}
	}
	return out
}

// check compares the lines of before with those of now. Where kitgen had to
// change something, those written by hand must be there; else all of them.
func (h *habits) check(before map[string]map[string]int, changes bool, out string) {
	now := h.lines()
	for name, lines := range before {
		for line, n := range lines {
			if (!changes || strings.Contains(line, "hand")) && now[name][line] < n {
				h.t.Fatalf("round %d: %s lost %q\n%s\n%s", h.round, name, line, out, h.read(name))
			}
		}
	}
	if strings.Contains(out, "manual") {
		h.t.Fatalf("round %d: there is work left\n%s", h.round, out)
	}
}

// tidyTests removes the tests of methods that are gone and that were edited, as
// the user is told to.
func (h *habits) tidyTests() {
	for _, name := range h.files() {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		text := h.read(name)
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, d := range slices.Backward(f.Decls) {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(fn.Name.Name, "TestM") {
				continue
			}
			if !slices.ContainsFunc(h.methods, func(m rpc) bool { return "Test"+m.name == fn.Name.Name }) {
				from, to := extent(f, fn)
				if eol := bytes.IndexByte(text[to:], '\n'); eol >= 0 {
					to += eol
				}
				text = slices.Concat(text[:from], text[to:])
			}
		}
		if !bytes.Contains(text, []byte("testing.T")) {
			text = []byte("package calc\n")
		}
		h.write(name, text)
	}
}

// compile type-checks the package, with its tests.
func (h *habits) compile() {
	if testing.Short() {
		return
	}
	names, err := filepath.Glob(filepath.Join(h.dir, "*.go"))
	if err != nil {
		h.t.Fatal(err)
	}
	var files []*ast.File
	paths := map[string]bool{}
	for _, name := range names {
		f, err := parser.ParseFile(h.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			h.t.Fatalf("round %d: %v", h.round, err)
		}
		files = append(files, f)
		for _, imp := range f.Imports {
			paths[strings.Trim(imp.Path.Value, `"`)] = true
		}
	}
	if h.imports == nil {
		h.imports = compiled(h.t, h.fset, slices.Sorted(maps.Keys(paths)))
	}
	conf := types.Config{Importer: h.imports}
	if _, err := conf.Check("example.com/calc", h.fset, files, nil); err != nil {
		h.t.Fatalf("round %d: %v\n%s", h.round, err, h.read("service.go"))
	}
}

// compiled imports packages as the go command compiled them.
func compiled(t *testing.T, fset *token.FileSet, paths []string) types.Importer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, paths...)...)
	cmd.Dir = checkout()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
}
