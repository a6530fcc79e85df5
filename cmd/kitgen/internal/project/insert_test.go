package project

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// seeds are the files of a service with methods Old and New, as they are born.
func seeds() []render.File {
	return []render.File{
		{Path: "service.go", Kind: render.Seeded, Parts: []render.Part{
			part("Old", "func (s *service) Old() {}\n"),
			part("New", "// New is new.\nfunc (s *service) New(t time.Time) {}\n"),
		}},
		{Path: "service_test.go", Kind: render.Seeded, Parts: []render.Part{
			part("New", "func TestNew(t *testing.T) {}\n"),
		}},
	}
}

// part is what render makes of text.
func part(method, text string) render.Part {
	p, err := render.ParsePart(method, []byte(text), nil)
	if err != nil {
		panic(err)
	}
	return *p
}

// TestInsert inserts into the files of each archive, and compares with those
// below want, or with the files as they were.
func TestInsert(t *testing.T) {
	archives, err := filepath.Glob("testdata/insert/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, newline := range []string{"\n", "\r\n"} {
				files, want := map[string]string{}, map[string]string{}
				for _, f := range archive.Files {
					text := strings.ReplaceAll(string(f.Data), "\n", newline)
					switch name, wanted := strings.CutPrefix(f.Name, "want/"); {
					case wanted:
						want[name] = text
					case name != "manual":
						files[name] = text
						want[name] = text
					default:
						want[name] = string(f.Data)
					}
				}
				if diff := cmp.Diff(want, insert(t, files)); diff != "" {
					t.Errorf("%s(lines end in %q; -want +got)\n%s", archive.Comment, newline, diff)
				}
			}
		})
	}
}

// insert inserts what is missing into files, and puts what is left to the user
// under the name manual.
func insert(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	texts := map[string][]byte{}
	for name, text := range files {
		texts[name] = []byte(text)
	}
	src, err := parseSource(texts)
	if err != nil {
		t.Fatal(err)
	}
	in := newInserter(src, []string{"Old", "New"})
	for _, f := range seeds() {
		if err := in.add(f); err != nil {
			t.Fatal(err)
		}
	}
	out := map[string]string{}
	for _, f := range src.files {
		text, err := in.result(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f.name] = string(text)
	}
	for _, m := range in.manual {
		out["manual"] += m.Where + "\n" + string(m.Text)
	}
	return out
}

func TestInsertRefusesWhatDoesNotParse(t *testing.T) {
	src, err := parseSource(map[string][]byte{"service.go": []byte("package p\n\ntype service struct{}\n")})
	if err != nil {
		t.Fatal(err)
	}
	in := newInserter(src, nil)
	in.edits[src.files[0]] = []edit{{offset: 3, text: "}"}}
	if _, err := in.result(src.files[0]); err == nil {
		t.Error("text that does not parse: no error")
	}
	bad := render.File{Path: "service.go", Parts: []render.Part{part("X", "var x int")}}
	if err := in.add(bad); err == nil {
		t.Error("a part that declares no function: no error")
	}
}

// FuzzInsert checks that no line of any file is lost or moved, and that what
// comes out parses.
func FuzzInsert(f *testing.F) {
	for _, text := range []string{
		"package p\n\ntype service struct{}\n\nfunc (s *service) Old() {}\n",
		"// c\npackage p // d\nimport (\"context\"; t \"time\") // e\nfunc (service) Old() { /* } */ } // f\ntype service int",
		"package p;import \"a\";type(service=other);func(s*service)Old(){};func init(){}",
		"package p\r\n\r\nimport (\r\n)\r\ntype service struct{} /*\n*/",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src, err := parseSource(map[string][]byte{"service.go": []byte(text)})
		if err != nil {
			return
		}
		in := newInserter(src, []string{"Old", "New"})
		for _, seed := range seeds() {
			if err := in.add(seed); err != nil {
				t.Fatal(err)
			}
		}
		got, err := in.result(src.files[0])
		if err != nil {
			return // refused, and nothing is written
		}
		rest := string(got)
		for _, b := range []byte(text) {
			i := strings.IndexByte(rest, b)
			if i < 0 {
				t.Fatalf("%q is not within %q", text, got)
			}
			rest = rest[i+1:]
		}
	})
}
