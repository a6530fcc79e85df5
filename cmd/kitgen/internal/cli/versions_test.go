package cli

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestVersions has clients and servers of two versions of a service call each
// other, as processes of their own.
func TestVersions(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles four programs")
	}
	archive, err := txtar.ParseFile("testdata/proto/versions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := make(map[string]string)
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	service := filepath.Join(dir, "greeter")
	runKitgen(t, dir, exitOK, "new", "service", "greeter", "--from", "v1/greeter.go")
	build := func(version string) {
		write(t, filepath.Join(service, "cmd/ask/main.go"), files[version+"/cmd/ask/main.go"])
		write(t, filepath.Join(service, "cmd/serve/main.go"), files["serve.go"])
		command(t, service, "go", "build", "-o", filepath.Join(dir, version)+string(filepath.Separator), "./cmd/ask", "./cmd/serve")
	}
	build("v1")
	write(t, filepath.Join(service, "greeter.go"), files["v2/greeter.go"])
	runKitgen(t, service, exitOK, "generate")
	build("v2")

	var got strings.Builder
	addrs := map[string]string{"v1": serve(t, filepath.Join(dir, "v1/serve")), "v2": serve(t, filepath.Join(dir, "v2/serve"))}
	for _, client := range []string{"v1", "v2"} {
		for _, server := range []string{"v1", "v2"} {
			fmt.Fprintf(&got, "%s asks %s\n%s", client, server, command(t, dir, filepath.Join(dir, client, "ask"), addrs[server]))
		}
	}
	if diff := cmp.Diff(files["want"], got.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serve starts a server that prints its address, and ends it with the test.
func serve(t *testing.T, program string) (addr string) {
	t.Helper()
	cmd := exec.Command(program)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its exit tells nothing
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
