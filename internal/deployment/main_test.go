package deployment

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// kitgen is the program, built from this checkout.
var kitgen string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "deployment")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	kitgen = filepath.Join(dir, "kitgen")
	code := 1
	if out, err := build("../..", kitgen, "./cmd/kitgen", "GOWORK="); err != nil {
		fmt.Fprintf(os.Stderr, "build kitgen: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func build(dir, out, pkg, env string) ([]byte, error) {
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", env)
	return cmd.CombinedOutput()
}

// service makes a new service and returns its directory.
func service(t *testing.T, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(kitgen, append([]string{"new", "service", "greeter"}, flags...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kitgen new service: %v\n%s", err, out)
	}
	return filepath.Join(dir, "greeter")
}

// everyKind runs a test on services of every set of transports, and with every
// registry.
func everyKind(t *testing.T, test func(t *testing.T, dir string)) {
	t.Helper()
	for name, flags := range map[string][]string{
		"both wires, etcd": nil,
		"http, consul":     {"--transports", "http", "--registry", "consul"},
		"grpc, etcd":       {"--transports", "grpc"},
	} {
		t.Run(name, func(t *testing.T) { test(t, service(t, flags...)) })
	}
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
