package demo

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The three files that the tour's user writes by hand: the interface, what it
// does, and a program that calls it.
var (
	//go:embed files/addsvc.go.txt
	addsvcFile []byte
	//go:embed files/service.go.txt
	serviceFile []byte
	//go:embed files/load.go.txt
	loadFile []byte
)

// build generates addsvc into dir/addsvc with this very kitgen, adds the hand
// written files, and compiles it. It returns the path of the load program.
func build(ctx context.Context, dir string, v *view) (load string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	v.say("generating addsvc from its interface: kitgen new service addsvc --from addsvc.go")
	from := filepath.Join(dir, "addsvc.go")
	if err := os.WriteFile(from, addsvcFile, 0o600); err != nil {
		return "", err
	}
	if err := command(ctx, dir, self, "new", "service", "addsvc", "--from", from); err != nil {
		return "", err
	}
	service := filepath.Join(dir, "addsvc")
	if err := os.WriteFile(filepath.Join(service, "service.go"), serviceFile, 0o600); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(service, "cmd", "load"), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(service, "cmd", "load", "main.go"), loadFile, 0o600); err != nil {
		return "", err
	}
	v.say("building it; the first build on a machine downloads and compiles the libraries, a minute or two")
	bin := filepath.Join(dir, "bin")
	if err := command(ctx, service, "go", "build", "-o", bin+string(filepath.Separator), "./cmd/..."); err != nil {
		return "", err
	}
	return filepath.Join(bin, "load"), nil
}

// command runs a program in dir, outside of any workspace around it.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", filepath.Base(name), args, err, out)
	}
	return nil
}
