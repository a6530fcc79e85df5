package templates_test

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/templates"
)

// TestKinds checks that every template says what becomes of its file.
func TestKinds(t *testing.T) {
	err := fs.WalkDir(templates.Service, "service", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.Service, path)
		if err != nil {
			return err
		}
		line, _, _ := bytes.Cut(text, []byte("\n"))
		switch string(line) {
		case "{{/* interface */ -}}", "{{/* seeded */ -}}", "{{/* seeded module */ -}}", "{{/* seeded unary */ -}}", "{{/* generated */ -}}", "{{/* generated http */ -}}", "{{/* generated grpc */ -}}", "{{/* generated grpc-streams */ -}}", "{{/* generated unary */ -}}", "{{/* generated http-uploads */ -}}", "{{/* generated errors */ -}}":
		default:
			t.Errorf("%s begins with %q, which says no kind; see the package's comment", path, line)
		}
		generated := bytes.HasPrefix(line, []byte("{{/* generated"))
		if strings.Contains(path, "_gen") != generated {
			t.Errorf("%s begins with %q: files named _gen, and no others, are generated", path, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestModulesAreFresh compares what new services require with what the library
// does: a service with older versions would not build without go mod tidy.
func TestModulesAreFresh(t *testing.T) {
	library, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := fs.ReadFile(templates.Modules, "module/"+name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if read("library.mod.txt") != string(library) {
		t.Error("module/library.mod.txt is not ../go.mod: make generate")
	}
	kitgen, err := os.ReadFile("../cmd/kitgen/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if read("kitgen.mod.txt") != string(kitgen) {
		t.Error("module/kitgen.mod.txt is not ../cmd/kitgen/go.mod: make generate")
	}
	versions := requirements(string(library))
	for _, name := range []string{"http.mod.txt", "grpc.mod.txt", "grpc-http.mod.txt"} {
		for module, version := range requirements(read(name)) {
			if want := versions[module]; want != "" && want != version {
				t.Errorf("module/%s has %s %s, the library %s: make generate", name, module, version, want)
			}
		}
	}
	for line := range strings.Lines(read("go.sum.txt")) {
		module, _, _ := strings.Cut(line, " ")
		if versions[module] != "" && strings.Contains(line, " "+versions[module]+" ") && !strings.Contains(string(sums), line) {
			t.Errorf("module/go.sum.txt has %q, the library's go.sum has not: make generate", line)
		}
	}
}

// requirements are the modules that a go.mod requires.
func requirements(gomod string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(gomod) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "\t") && len(fields) > 1 {
			out[fields[0]] = fields[1]
		}
	}
	return out
}

// TestWorkspaceReplaces compares what a new go.work replaces with what the one of
// this repository does, for the same reason.
func TestWorkspaceReplaces(t *testing.T) {
	mine, err := os.ReadFile("../go.work")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := fs.ReadFile(templates.Workspace, "workspace/go.work.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(theirs)) {
		if strings.HasPrefix(line, "replace ") && !strings.Contains(string(mine), line) {
			t.Errorf("workspace/go.work.tmpl has %q, ../go.work has not", line)
		}
	}
}
