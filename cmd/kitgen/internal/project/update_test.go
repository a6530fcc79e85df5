package project

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

func file(path string, kind render.Kind, text string) render.File {
	f := render.File{Path: path, Kind: kind, Text: []byte(text)}
	if syntax, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution); err == nil {
		f.Declares = slices.Sorted(maps.Keys(render.Names(syntax)))
	}
	return f
}

// born is a small service right after its birth.
func born(t *testing.T) (dir fstest.MapFS, m *Manifest, files []render.File) {
	t.Helper()
	files = []render.File{
		file("x.go", render.Interface, "package x\n"),
		file("service.go", render.Seeded, "package x\n\ntype service struct{}\n\nfunc (s *service) Old() {}\n"),
		file("a_gen.go", render.Generated, "package x\n\nvar generated int\n"),
		file("api/x.proto", render.Locked, "proto"),
	}
	plan, err := New(Manifest{Service: "x", Transports: []string{"http"}, Methods: []string{"Old"}}, slices.Clone(files))
	if err != nil {
		t.Fatal(err)
	}
	dir = fstest.MapFS{}
	for _, c := range plan.Changes {
		if c.Verb != Create {
			t.Errorf("%s %s in a new service", c.Verb, c.Path)
		}
		dir[c.Path] = &fstest.MapFile{Data: c.New}
	}
	if m, err = ReadManifest(dir, "x"); err != nil {
		t.Fatal(err)
	}
	return dir, m, files
}

// verbs is what a plan does to each file that does not stay as it is.
func verbs(p *Plan) map[string]Verb {
	out := map[string]Verb{}
	for _, c := range p.Changes {
		if c.Verb != Identical {
			out[c.Path] = c.Verb
		}
	}
	for _, c := range p.Edited {
		out[c.Path] = "edited"
	}
	return out
}

func TestUpdate(t *testing.T) {
	tests := []struct {
		name   string
		change func(dir fstest.MapFS, files *[]render.File)
		force  bool
		want   map[string]Verb
	}{
		{name: "nothing to do", want: map[string]Verb{}},
		{
			name:   "generated text changes",
			change: func(_ fstest.MapFS, files *[]render.File) { (*files)[2].Text = []byte("package x\n\nvar other int\n") },
			want:   map[string]Verb{"a_gen.go": Rewrite, "kitgen.json": Rewrite},
		},
		{
			name:   "a generated file was lost",
			change: func(dir fstest.MapFS, _ *[]render.File) { delete(dir, "a_gen.go") },
			want:   map[string]Verb{"a_gen.go": Create},
		},
		{
			name:   "a generated file was edited",
			change: func(dir fstest.MapFS, _ *[]render.File) { dir["a_gen.go"].Data = []byte("package x // mine\n") },
			want:   map[string]Verb{"a_gen.go": "edited"},
		},
		{
			name:   "a generated file was edited, and may be lost",
			change: func(dir fstest.MapFS, _ *[]render.File) { dir["a_gen.go"].Data = []byte("package x // mine\n") },
			force:  true,
			want:   map[string]Verb{"a_gen.go": Rewrite},
		},
		{
			name:   "the contract was edited",
			change: func(dir fstest.MapFS, _ *[]render.File) { dir["api/x.proto"].Data = []byte("mine") },
			want:   map[string]Verb{"api/x.proto": "edited"},
		},
		{
			name: "a file of that name is the user's",
			change: func(dir fstest.MapFS, files *[]render.File) {
				dir["b_gen.go"] = &fstest.MapFile{Data: []byte("package x // mine\n")}
				*files = append(*files, file("b_gen.go", render.Generated, "package x\n"))
			},
			want: map[string]Verb{"b_gen.go": "edited", "kitgen.json": Rewrite},
		},
		{
			name:   "a generated file is needed no more",
			change: func(_ fstest.MapFS, files *[]render.File) { *files = slices.Delete(*files, 2, 4) },
			want:   map[string]Verb{"a_gen.go": Remove, "api/x.proto": Remove, "kitgen.json": Rewrite},
		},
		{
			name: "a generated file is needed no more, and was edited",
			change: func(dir fstest.MapFS, files *[]render.File) {
				*files = slices.Delete(*files, 2, 3)
				dir["a_gen.go"].Data = []byte("package x // mine\n")
			},
			want: map[string]Verb{"a_gen.go": "edited", "kitgen.json": Rewrite},
		},
		{
			name:   "a seeded file is as the user likes",
			change: func(dir fstest.MapFS, _ *[]render.File) { dir["service.go"].Data = []byte("package x // mine\n") },
			want:   map[string]Verb{},
		},
		{
			name:   "a seeded file is gone",
			change: func(dir fstest.MapFS, _ *[]render.File) { delete(dir, "service.go") },
			want:   map[string]Verb{},
		},
		{
			name: "a newer kitgen seeds one more",
			change: func(_ fstest.MapFS, files *[]render.File) {
				*files = append(*files, file("Dockerfile", render.Seeded, "FROM"))
			},
			want: map[string]Verb{"Dockerfile": Create, "kitgen.json": Rewrite, BasePath: Rewrite},
		},
		{
			name: "a newer kitgen seeds one that is there",
			change: func(dir fstest.MapFS, files *[]render.File) {
				dir["Dockerfile"] = &fstest.MapFile{Data: []byte("mine")}
				*files = append(*files, file("Dockerfile", render.Seeded, "FROM"))
			},
			want: map[string]Verb{"kitgen.json": Rewrite},
		},
		{
			name: "a method more",
			change: func(_ fstest.MapFS, files *[]render.File) {
				(*files)[1].Parts = []render.Part{part("New", "func (s *service) New() {}\n")}
			},
			want: map[string]Verb{"service.go": Insert, BasePath: Rewrite},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, old, files := born(t)
			if tt.change != nil {
				tt.change(dir, &files)
			}
			next := Manifest{Service: "x", Transports: []string{"http"}, Methods: []string{"Old"}}
			plan, err := Update(dir, old, next, files, Options{Force: tt.force})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, verbs(plan)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if plan.UpToDate() != (len(tt.want) == 0) && len(plan.Edited) == 0 {
				t.Errorf("UpToDate is %t", plan.UpToDate())
			}
		})
	}
}

// TestOrphansAreRemembered removes a method and updates twice: the second time
// the manifest is the only one to know that there was one.
func TestOrphansAreRemembered(t *testing.T) {
	dir, old, files := born(t)
	next := Manifest{Service: "x", Transports: []string{"http"}, Methods: []string{"Other"}}
	want := []string{"service.go:5:1 Old: the interface has no Old; remove it, or rename it to the method it became"}
	for range 2 {
		plan, err := Update(dir, old, next, files, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, plan.Orphans); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		i := slices.IndexFunc(plan.Changes, func(c Change) bool { return c.Path == ManifestPath })
		old = &Manifest{}
		if err := json.Unmarshal(plan.Changes[i].New, old); err != nil {
			t.Fatal(err)
		}
	}
	dir["service.go"].Data = []byte("package x\n")
	plan, err := Update(dir, old, next, files, Options{})
	if err != nil || plan.Orphans != nil || strings.Contains(string(plan.Changes[len(plan.Changes)-3].New), "Old") {
		t.Errorf("after it was removed: %v, %v", plan.Orphans, err)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name, file, text, want string
	}{
		{"syntax", "mine.go", "package x\nfunc {", "mine.go:2:6: expected 'IDENT', found '{'\ncorrect the syntax, then run it again"},
		{"a merge that is not done", "mine_test.go", "package x\n<<<<<<< yours\n", "mine_test.go: KG073: has a merge conflict; resolve it\ncorrect the syntax, then run it again"},
		{"two of a name", "mine.go", "package x\n\nconst (\n\t_ = 1\n\tgenerated = 1\n)\n", "mine.go:5:2: KG029: generated is also what kitgen calls something in a_gen.go: rename yours"},
		{"an external test may", "mine_test.go", "package x_test\n\nvar generated int\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, old, files := born(t)
			dir[tt.file] = &fstest.MapFile{Data: []byte(tt.text)}
			_, err := Update(dir, old, *old, files, Options{})
			if tt.want == "" && err == nil {
				return
			}
			if !refused(err) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestNewRefusesTwoOfAName(t *testing.T) {
	_, err := New(Manifest{}, []render.File{
		file("x.go", render.Interface, "package x\n\ntype service int\n"),
		file("service.go", render.Seeded, "package x\n\ntype service struct{}\n"),
	})
	if want := "x.go:3:6: KG029: service is also what kitgen calls something in service.go: rename yours"; !refused(err) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadManifest(t *testing.T) {
	for name, text := range map[string]string{"not JSON": "{", "empty": "{}", "no transports": `{"service":"x"}`} {
		if _, err := ReadManifest(fstest.MapFS{ManifestPath: {Data: []byte(text)}}, "dir"); !refused(err) || !strings.HasPrefix(err.Error(), "dir/kitgen.json: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadManifest(fstest.MapFS{}, "dir"); !refused(err) {
		t.Errorf("none: %v", err)
	}
}

func TestImplementation(t *testing.T) {
	tests := map[string]string{
		"type a struct{}; func (a) F() {}; func (*a) G() {}":                                                           "a",
		"type a struct{}; func (a) F() {}":                                                                             "",
		"type a struct{}; func (a) F() {}; func (a) G() {}; type b int; func (b) F() {}; func (b) G() {}":              "",
		"type service int; func (service) F() {}; func (service) G() {}; type b int; func (b) F() {}; func (b) G() {}": "service",
		"": "",
	}
	for text, want := range tests {
		if got, err := Implementation([]byte("package p\n"+text), []string{"F", "G"}); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestPrint(t *testing.T) {
	plan := Plan{
		Changes: []Change{
			{Verb: Rewrite, Path: "a", Old: []byte("1\n2\n"), New: []byte("1\n3\n")},
			{Verb: Insert, Path: "b", New: []byte("x\n"), Note: "F behind line 3"},
			{Verb: Identical, Path: "c"},
		},
		Manual:  []Manual{{"d: no place", []byte("func F() {\n\n}\n")}},
		Orphans: []string{"e:1 G"},
	}
	var got, diff strings.Builder
	plan.Print(&got)
	want := "update    a\ninsert    b  F behind line 3\nidentical c\nmanual    d: no place; add yourself:\n\n    func F() {\n\n    }\n\norphan    e:1 G\n"
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	plan.Diff(&diff)
	if !strings.Contains(diff.String(), "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n") || !strings.Contains(diff.String(), "+x\n") {
		t.Errorf("diff:\n%s", &diff)
	}
}

// TestRemovedTestsStayRemoved: what only they use goes with them.
func TestRemovedTestsStayRemoved(t *testing.T) {
	_, _, files := born(t)
	files = append(files,
		file("cmd/x/x_test.go", render.Seeded, "package main\n\nfunc use() { ask() }\n"),
		file("cmd/x/ask_gen_test.go", render.Generated, "package main\n\nfunc ask() {}\n"))
	m := Manifest{Service: "x", Transports: []string{"http"}, Methods: []string{"Old"}}
	plan, err := New(m, slices.Clone(files))
	if err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{}
	for _, c := range plan.Changes {
		dir[c.Path] = &fstest.MapFile{Data: c.New}
	}
	old, err := ReadManifest(dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	delete(dir, "cmd/x/x_test.go")
	p, err := Update(dir, old, m, files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Verb{"cmd/x/ask_gen_test.go": Remove, ManifestPath: Rewrite}
	if diff := cmp.Diff(want, verbs(p)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
