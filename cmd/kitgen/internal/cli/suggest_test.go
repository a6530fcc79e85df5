package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func TestNearest(t *testing.T) {
	names := []string{"http", "grpc", "generate", "new"}
	for word, want := range map[string]string{
		"gprc":     "grpc",
		"GRPC":     "grpc",
		"htp":      "http",
		"nwe":      "new",
		"genrate":  "generate",
		"genreate": "generate",
		"tcp":      "",
		"thrift":   "",
		"":         "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

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
