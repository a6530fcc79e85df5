package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// patch is a change of one source file that exists in a build alone.
type patch struct {
	file     string // its whole path
	old      string // stands there once
	replaced string
}

// build makes this program with the patch in it, in dir. root is the module's
// folder.
func (p patch) build(ctx context.Context, root, dir string) (program string, err error) {
	text, err := os.ReadFile(p.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), p.old); n != 1 {
		return "", fmt.Errorf("%s has the text %q %d times, and should once: bring the patch in internal/faults up to date with the code", p.file, p.old, n)
	}
	patched, list := filepath.Join(dir, "patched.go"), filepath.Join(dir, "overlay.json")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {p.file: patched}})
	if err != nil {
		return "", err
	}
	err = errors.Join(
		os.WriteFile(patched, []byte(strings.Replace(string(text), p.old, p.replaced, 1)), 0o600), //nolint:gosec // into our own folder
		os.WriteFile(list, overlay, 0o600),
	)
	if err != nil {
		return "", err
	}
	program = filepath.Join(dir, "faults")
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-o", program, "./internal/faults") //nolint:gosec // our own module
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// moduleDir is the folder of this program's module.
func moduleDir(ctx context.Context) (string, error) {
	const self = "github.com/kitgen/kitgen"
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", self).Output()
	if err != nil {
		return "", fmt.Errorf("find the source: go list %s: %w; run this within the repository", self, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// goRoot is where the standard library's source is.
func goRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find the standard library: go env GOROOT: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
