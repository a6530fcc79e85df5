package project

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestModulePath(t *testing.T) {
	tests := map[string]string{
		"module example.com/a\n":                            "example.com/a",
		"// module no\n\nmodule \"example.com/b\" // yes\n": "example.com/b",
		"go 1.26.0\n":             "",
		"":                        "",
		"modules x\nmodule x y\n": "",
	}
	for text, want := range tests {
		if got := ModulePath([]byte(text)); got != want {
			t.Errorf("ModulePath(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLocate(t *testing.T) {
	dir, _ := place(t, map[string]string{
		"mod/go.mod":       "module example.com/mod\n",
		"mod/sub/x.go":     "",
		"broken/go.mod":    "",
		"work/go.work":     "",
		"work/inner/go.ok": "",
		"plain/x":          "",
	})
	t.Setenv("GOWORK", "")
	tests := []struct {
		parent, module string
		want           Place
	}{
		{"plain", "", Place{Module: "greeter", Own: true}},
		{"plain", "example.com/x", Place{Module: "example.com/x", Own: true}},
		{"mod", "", Place{Module: "example.com/mod/greeter", Around: "mod"}},
		{"mod/sub", "", Place{Module: "example.com/mod/sub/greeter", Around: "mod"}},
		{"mod/sub", "example.com/x", Place{Module: "example.com/x", Own: true, Around: "mod"}},
		{"broken", "example.com/x", Place{Module: "example.com/x", Own: true, Around: "broken"}},
		{"work/inner", "", Place{Module: "greeter", Own: true, Work: "work/go.work"}},
	}
	for _, tt := range tests {
		got, err := Locate(filepath.Join(dir, tt.parent), "greeter", tt.module)
		for _, p := range []*string{&got.Around, &got.Work} {
			*p = strings.TrimPrefix(*p, dir+string(filepath.Separator))
		}
		tt.want.Dir = filepath.Join(dir, tt.parent, "greeter")
		if err != nil || got != tt.want {
			t.Errorf("Locate(%s, %q) = %+v, %v, want %+v", tt.parent, tt.module, got, err, tt.want)
		}
	}
	if _, err := Locate(filepath.Join(dir, "broken"), "greeter", ""); !refused(err) {
		t.Errorf("a go.mod without a path: %v, want a Refusal", err)
	}
	t.Setenv("GOWORK", "off")
	if p, err := Locate(filepath.Join(dir, "work"), "greeter", ""); err != nil || p.Work != "" {
		t.Errorf("GOWORK=off: %+v, %v, want no workspace", p, err)
	}
	t.Setenv("GOWORK", "/elsewhere/go.work")
	if p, err := Locate(filepath.Join(dir, "plain"), "greeter", ""); err != nil || p.Work != "/elsewhere/go.work" {
		t.Errorf("GOWORK=/elsewhere/go.work: %+v, %v", p, err)
	}
}

func refused(err error) bool {
	_, ok := errors.AsType[Refusal](err)
	return ok
}

func TestModulePathRefused(t *testing.T) {
	for _, bad := range []string{"a b", "/a", "a/", "a//b", "./a", "a/..", "-a", "größe", "a\n"} {
		if err := CheckModulePath(bad); !refused(err) {
			t.Errorf("module path %q: %v, want a Refusal", bad, err)
		}
	}
	for _, good := range []string{"greeter", "example.com/a/v2", "a.b/c_d-e~f"} {
		if err := CheckModulePath(good); err != nil {
			t.Errorf("module path %q: %v", good, err)
		}
	}
}

func TestPackagePath(t *testing.T) {
	dir, _ := place(t, map[string]string{"mod/go.mod": "module m\n", "mod/a/x": "", "none/x": "", "broken/go.mod": ""})
	if got, err := PackagePath(filepath.Join(dir, "mod/a")); err != nil || got != "m/a" {
		t.Errorf("mod/a is %q, %v, want m/a", got, err)
	}
	for _, d := range []string{"none", "broken"} {
		if _, err := PackagePath(filepath.Join(dir, d)); !refused(err) {
			t.Errorf("%s: %v, want a Refusal", d, err)
		}
	}
}

func TestModule(t *testing.T) {
	snapshot := fstest.MapFS{
		"http.mod.txt":    {Data: []byte("module service\n\nrequire (\n\tgithub.com/kitgen/kitgen v0.0.0\n\tgithub.com/kitgen/kitgen/cmd/kitgen v0.0.0 // indirect\n)\n")},
		"go.sum.txt":      {Data: []byte("other v1 h1:x=\n")},
		"library.mod.txt": {Data: []byte("module github.com/go-logfmt/logfmt\n\ngo 1.17\n")}, // whose hash is known
		"kitgen.mod.txt":  {Data: []byte("module github.com/go-logfmt/logfmt\n\ngo 1.17\n")},
	}
	p := Place{Module: "example.com/x"}
	text := func(lib Library) (mod, sum string) {
		t.Helper()
		files, err := Module(p, lib, snapshot, "http")
		if err != nil {
			t.Fatal(err)
		}
		return string(files[0].Text), string(files[1].Text)
	}
	mod, sum := text(Library{Dir: "/home/a b/kitgen"})
	if !strings.HasPrefix(mod, "module example.com/x\n") || !strings.HasSuffix(mod, "\nreplace (\n\tgithub.com/kitgen/kitgen => \"/home/a b/kitgen\"\n\tgithub.com/kitgen/kitgen/cmd/kitgen => \"/home/a b/kitgen/cmd/kitgen\"\n)\n") || sum != "other v1 h1:x=\n" {
		t.Errorf("with a checkout:\n%s%s", mod, sum)
	}
	mod, sum = text(Library{Version: "v0.1.0", Sum: "h1:zip=", ToolSum: "h1:tool="})
	want := "github.com/kitgen/kitgen v0.1.0 h1:zip=\ngithub.com/kitgen/kitgen v0.1.0/go.mod h1:WYhtIu8zTZfxdn5+rREduYbwxfcBr/Vr6KEVveWlfTs=\n" +
		"github.com/kitgen/kitgen/cmd/kitgen v0.1.0 h1:tool=\ngithub.com/kitgen/kitgen/cmd/kitgen v0.1.0/go.mod h1:WYhtIu8zTZfxdn5+rREduYbwxfcBr/Vr6KEVveWlfTs=\nother v1 h1:x=\n"
	if !strings.Contains(mod, "\tgithub.com/kitgen/kitgen v0.1.0\n") || !strings.Contains(mod, "\tgithub.com/kitgen/kitgen/cmd/kitgen v0.1.0 // indirect\n") || strings.Contains(mod, "replace") || sum != want {
		t.Errorf("with a release:\n%s%s", mod, sum)
	}
	if _, sum = text(Library{Version: "v0.1.0"}); sum != "other v1 h1:x=\n" {
		t.Errorf("with a release of unknown sum:\n%s", sum)
	}
	for name := range snapshot {
		broken := fstest.MapFS{}
		for n, f := range snapshot {
			if n != name {
				broken[n] = f
			}
		}
		if _, err := Module(p, Library{Version: "v0.1.0", Sum: "h1:zip=", ToolSum: "h1:tool="}, broken, "http"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a snapshot without %s: no error", name)
		}
	}
}
