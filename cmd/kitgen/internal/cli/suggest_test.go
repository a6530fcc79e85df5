package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// TestFindLibrary finds the checkout that this test was compiled in, and one
// that is named.
func TestFindLibrary(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	if lib, err := findLibrary(""); err != nil || lib.Dir != root {
		t.Errorf("found %+v, %v, want %s", lib, err, root)
	}
	dir := t.TempDir()
	if _, err := findLibrary(dir); exitCode(err) != exitRefused {
		t.Errorf("an empty directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+libraryPath+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if lib, err := findLibrary(dir); err != nil || lib.Dir != dir || lib.String() != dir {
		t.Errorf("found %+v, %v, want %s", lib, err, dir)
	}
}

func TestGoLine(t *testing.T) {
	lib, err := findLibrary("")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := goLine(lib); err != nil || got != "go 1.26.0" {
		t.Errorf("go line %q, %v", got, err)
	}
	if _, err := goLine(project.Library{Dir: t.TempDir()}); err == nil {
		t.Error("without a go.mod: no error")
	}
}
