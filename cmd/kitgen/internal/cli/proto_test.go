package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestFromProto makes a service from a .proto and calls it by the stubs that
// the official plugins make of that .proto, with Debian's protoc.
func TestFromProto(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a service")
	}
	protoc, err := exec.LookPath("protoc")
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("CI has no protoc: %v", err)
	default:
		t.Skip("no protoc to make stubs with; apt-get install protobuf-compiler libprotobuf-dev")
	}
	archive, err := txtar.ParseFile("testdata/proto/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	plugins := t.TempDir()
	command(t, ".", "env", "GOFLAGS=", "go", "build", "-o", plugins+string(filepath.Separator), "google.golang.org/protobuf/cmd/protoc-gen-go")
	command(t, ".", "env", "GOFLAGS=", "GOBIN="+plugins, "go", "install", "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0")

	dir := t.TempDir()
	for _, f := range archive.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runKitgen(t, dir, exitOK, "new", "service", "shop", "--from", "shop.proto")
	service := filepath.Join(dir, "shop")
	if err := os.Mkdir(filepath.Join(service, "original"), 0o750); err != nil {
		t.Fatal(err)
	}
	command(t, dir, protoc, "-I", dir,
		"--plugin="+filepath.Join(plugins, "protoc-gen-go"), "--go_out=shop/original", "--go_opt=paths=source_relative",
		"--plugin="+filepath.Join(plugins, "protoc-gen-go-grpc"), "--go-grpc_out=shop/original", "--go-grpc_opt=paths=source_relative", "shop.proto")
	for _, name := range []string{"service.go", "original_test.go"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(service, name)); err != nil {
			t.Fatal(err)
		}
	}
	// Both packages register messages of the same names, which is what is tried.
	t.Setenv("GOLANG_PROTOBUF_REGISTRATION_CONFLICT", "ignore")
	command(t, service, "go", "test", "-run", "TestOriginalStubs", ".")
	runKitgen(t, service, exitOK, "generate", "--check")
}
