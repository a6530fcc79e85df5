package gosrc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// tree writes an archive into a new directory. The module cache in it is the
// one in force, and so is the standard library of this test.
func tree(t *testing.T, archive string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOMODCACHE", filepath.Join(dir, "cache"))
	t.Setenv("GOWORK", "")
	return dir
}

const sample = `
-- mod/go.mod --
module example.com/mod // ours

go 1.26

require example.com/Dep/v2 v2.1.0
require (
	example.com/a v1.0.0
	example.com/a/b v0.0.0-20250101000000-abcdef123456 // indirect
	"example.com/moved" v1.0.0
	example.com/local v0.0.0
	example.com/gone v1.0.0
)

replace (
	example.com/moved v1.0.0 => example.com/fork v1.5.0
	example.com/local => ../local
)
-- mod/model/m.go --
-- local/sub/l.go --
-- cache/example.com/!dep/v2@v2.1.0/x/x.go --
-- cache/example.com/a@v1.0.0/b/old.go --
-- cache/example.com/a@v1.0.0/c/c.go --
-- cache/example.com/a/b@v0.0.0-20250101000000-abcdef123456/new.go --
-- cache/example.com/fork@v1.5.0/f.go --
`

func TestOpen(t *testing.T) {
	dir := tree(t, sample)
	f := In(filepath.Join(dir, "mod", "not", "there", "yet"))
	for path, want := range map[string]string{
		"example.com/mod/model": "mod/model",
		"example.com/Dep/v2/x":  "cache/example.com/!dep/v2@v2.1.0/x",
		"example.com/a/b":       "cache/example.com/a/b@v0.0.0-20250101000000-abcdef123456",
		"example.com/a/c":       "cache/example.com/a@v1.0.0/c",
		"example.com/moved":     "cache/example.com/fork@v1.5.0",
		"example.com/local/sub": "local/sub",
	} {
		got, err := f.find(path)
		if err != nil || got != filepath.Join(dir, filepath.FromSlash(want)) {
			t.Errorf("%s is in %s, %v; want %s", path, got, err, want)
		}
	}
	for path, want := range map[string]string{
		"example.com/gone":  "go mod download example.com/gone",
		"example.com/other": "go get example.com/other",
		"no/such/std":       "set GOROOT, or correct the import",
	} {
		if _, err := f.Open(path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want ... %s", path, err, want)
		}
	}
}

func TestStandard(t *testing.T) {
	f := In(t.TempDir()) // of no module
	fsys, err := f.Open("net/netip")
	if err != nil {
		t.Fatal(err)
	}
	file, err := fsys.Open("netip.go")
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
}

func TestVendor(t *testing.T) {
	dir := tree(t, sample+"-- mod/vendor/modules.txt --\n-- mod/vendor/example.com/a/c/c.go --\n")
	got, err := In(filepath.Join(dir, "mod")).find("example.com/a/c")
	if err != nil || got != filepath.Join(dir, "mod", "vendor", "example.com", "a", "c") {
		t.Errorf("found %s, %v", got, err)
	}
}

func TestWorkspace(t *testing.T) {
	dir := tree(t, sample+`
-- go.work --
go 1.26
use (
	./mod
	other
	third
	fourth
)
replace example.com/local => ./elsewhere
-- other/go.mod --
module example.com/other
require example.com/a v1.10.0
require example.com/candidate v1.0.0-rc.1
-- other/pkg/o.go --
-- elsewhere/sub/l.go --
-- cache/example.com/a@v1.10.0/c/c.go --
-- cache/example.com/candidate@v1.0.0/c.go --
-- cache/example.com/candidate@v1.0.0-rc.1/c.go --
-- third/go.mod --
module example.com/third
require example.com/candidate v1.0.0
-- fourth/go.mod --
module example.com/fourth
require example.com/candidate v1.0.0-rc.1
-- alone/go.mod --
module example.com/alone
require example.com/a v1.0.0
`)
	f := In(filepath.Join(dir, "mod"))
	for path, want := range map[string]string{
		"example.com/other/pkg": "other/pkg",
		"example.com/local/sub": "elsewhere/sub",
		"example.com/a/c":       "cache/example.com/a@v1.10.0/c", // the newer of both
		"example.com/candidate": "cache/example.com/candidate@v1.0.0",
	} {
		if got, err := f.find(path); err != nil || got != filepath.Join(dir, filepath.FromSlash(want)) {
			t.Errorf("%s is in %s, %v; want %s", path, got, err, want)
		}
	}
	if _, err := In(filepath.Join(dir, "alone")).find("example.com/other/pkg"); err == nil {
		t.Error("a module that go.work does not list found a package of the workspace")
	}
	t.Setenv("GOWORK", "off")
	if _, err := In(filepath.Join(dir, "mod")).find("example.com/other/pkg"); err == nil {
		t.Error("with GOWORK=off, a package of the workspace was found")
	}
}

func TestGoenv(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("GOMODCACHE=/somewhere/mod\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", file)
	t.Setenv("GOMODCACHE", "")
	if got := modcache(); got != "/somewhere/mod" {
		t.Errorf("module cache %q, want what go env -w said", got)
	}
	t.Setenv("GOENV", "off")
	t.Setenv("GOPATH", filepath.FromSlash("/go/path")+string(filepath.ListSeparator)+"/second")
	if got := modcache(); got != filepath.FromSlash("/go/path/pkg/mod") {
		t.Errorf("module cache %q, want that of the first GOPATH", got)
	}
}
