package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestEndToEnd generates services from the inputs of go-kit's first kitgen, of
// the tour, and of all types, and has the go command judge them, with nothing
// but what was generated: no tidy, no workspace. Their tests call them over
// both wires.
func TestEndToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles nine services")
	}
	for _, name := range []string{"foo", "anonfields", "underscores", "stringservice", "profilesvc", "addsvc", "kinds", "routes", "streams"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			from, overlay := input(t, name)
			service := filepath.Join(dir, name)
			runKitgen(t, dir, exitOK, "new", "service", name, "--from", from)
			if out := command(t, service, "gofmt", "-l", "."); out != "" {
				t.Errorf("not gofmt-ed: %s", out)
			}
			if len(overlay) > 0 {
				command(t, service, "go", "test", ".")
			}
			for _, f := range overlay {
				if err := os.WriteFile(filepath.Join(service, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			command(t, service, "go", "vet", "./...")
			command(t, service, "go", "test", "-short", "./...") // TestSingleWires has replicas killed
			if out := runKitgen(t, service, exitOK, "generate", "--check"); strings.Contains(out, "update") {
				t.Errorf("not up to date right after new:\n%s", out)
			}
		})
	}
}

// TestSingleWires generates services that speak one protocol only, under names
// that main.go would like to use itself.
func TestSingleWires(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles two services")
	}
	for wire, name := range map[string]string{"http": "web", "grpc": "rpc"} {
		t.Run(wire, func(t *testing.T) {
			dir := t.TempDir()
			runKitgen(t, dir, exitOK, "new", "service", name, "--transports", wire, "--registry", "consul", "--module", "example.com/x/greet")
			command(t, filepath.Join(dir, name), "go", "vet", "./...")
			command(t, filepath.Join(dir, name), "go", "test", "./...")
		})
	}
}

// A service takes types from another package of its module, whose names for
// packages are those that generated code has, too.
func TestTypesOfOtherPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a service")
	}
	archive, err := txtar.ParseFile("testdata/e2e/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, text []byte) {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := filepath.Join(dir, "first.go")
	write(first, []byte("package shop\n\nimport \"context\"\n\ntype Service interface {\n\tPing(ctx context.Context) error\n}\n"))
	runKitgen(t, dir, exitOK, "new", "service", "shop", "--from", first)
	service := filepath.Join(dir, "shop")
	for _, f := range archive.Files {
		write(filepath.Join(service, filepath.FromSlash(f.Name)), f.Data)
	}
	runKitgen(t, service, exitOK, "generate")
	command(t, service, "go", "vet", "./...")
	command(t, service, "go", "test", ".")
	if out := runKitgen(t, service, exitOK, "generate"); strings.Contains(out, "update") {
		t.Errorf("a second run changed something:\n%s", out)
	}
}

// input is the file with the interface of an end-to-end case, and the files
// that are laid over what was generated from it.
func input(t *testing.T, name string) (from string, overlay []txtar.File) {
	t.Helper()
	from, err := filepath.Abs("../spec/testdata/" + name + ".go")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile("testdata/e2e/" + name + ".txtar")
	if errors.Is(err, fs.ErrNotExist) {
		return from, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name != "interface.go" {
			overlay = append(overlay, f)
			continue
		}
		from = filepath.Join(t.TempDir(), name+".go")
		if err := os.WriteFile(from, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return from, overlay
}

// runKitgen runs the command line in dir and returns what it printed.
func runKitgen(t testing.TB, dir string, want int, args ...string) string {
	t.Helper()
	t.Chdir(dir)
	var out bytes.Buffer
	if code := Main(t.Context(), args, nil, &out, &out); code != want {
		t.Fatalf("kitgen %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, &out)
	}
	return out.String()
}

// command runs a program in dir, outside of any workspace.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
