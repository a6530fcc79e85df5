package protogen

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The plugins that TestProtoc compares with. protoc-gen-go is of the module
// whose code kitgen calls, in the version that go.mod has.
const (
	pluginGo   = "google.golang.org/protobuf/cmd/protoc-gen-go"
	pluginGRPC = "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0"
)

// TestProtoc compares the Go code of each input with what Debian's protoc makes
// of the .proto with the official plugins: byte for byte, but for the lines
// about versions.
func TestProtoc(t *testing.T) {
	protoc := findProtoc(t)
	plugins := t.TempDir()
	goCommand(t, plugins, "build", "-o", plugins+string(filepath.Separator), pluginGo)
	goCommand(t, plugins, "install", pluginGRPC)
	for _, name := range append([]string{"streams"}, inputs...) {
		t.Run(name, func(t *testing.T) {
			svc := load(t, name)
			text := mustProto(t, svc, nil)
			pb, grpc, err := Code(svc, text, "")
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			file := ProtoPath(svc)
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, exec.CommandContext(t.Context(), protoc, "-I", dir,
				"--plugin="+filepath.Join(plugins, "protoc-gen-go"), "--go_out="+dir, "--go_opt=paths=source_relative",
				"--plugin="+filepath.Join(plugins, "protoc-gen-go-grpc"), "--go-grpc_out="+dir, "--go-grpc_opt=paths=source_relative", file))
			stem := filepath.Join(dir, file[:len(file)-len(".proto")])
			sameCode(t, stem+".pb.go", pb)
			sameCode(t, stem+"_grpc.pb.go", grpc)
		})
	}
}

// findProtoc skips the test where there is no protoc, but not in CI, which
// installs it (scripts/debian.sh).
func findProtoc(t *testing.T) string {
	t.Helper()
	protoc, err := exec.LookPath("protoc")
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("CI has no protoc: %v", err)
	default:
		t.Skip("no protoc to compare with; apt-get install protobuf-compiler libprotobuf-dev")
	}
	return protoc
}

func sameCode(t *testing.T, file string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body(want), body(got)); diff != "" {
		t.Errorf("%s -official +ours\n%s", filepath.Base(file), diff)
	}
}

// goCommand runs the go command in this module, with what it installs in bin.
func goCommand(t *testing.T, bin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	run(t, cmd)
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &out)
	}
}
