package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// module is the library's path; root is its folder, as seen from this package.
const (
	module = "github.com/kitgen/kitgen"
	root   = "../.."
)

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string // direct ones, without those of tests
	Deps       []string // all that a binary of it contains
}

// list asks the go command about packages; nothing is compiled.
func list(t *testing.T, patterns ...string) (pkgs []pkg) {
	t.Helper()
	// -e: the shape can be judged while a file does not compile.
	out := run(t, append([]string{"list", "-e", "-json=ImportPath,Imports,Deps"}, patterns...)...)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
}

// run returns what a go command prints in the root.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out
}

func isOwn(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// own turns the import path of one of our packages into its folder ("": root);
// other paths stay.
func own(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}
