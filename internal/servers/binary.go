package servers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// source is a module in this folder that builds one server binary.
type source struct {
	name    string   // its folder here, and the binary's name
	pkg     string   // what to build, as seen from that folder
	env     []string // added to the environment of go build
	waiting string   // what to tell somebody who waits, without the line end
}

// binary returns the path of s's binary, building it if this version of it has
// not been built before. Several processes may ask at once: one builds, the
// others wait. What takes long is announced on progress.
func (s source) binary(ctx context.Context, progress io.Writer) (string, error) {
	dir, err := sourceDir(ctx, s.name)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for %s: %w; set HOME or XDG_CACHE_HOME", s.name, err)
	}
	return s.cached(ctx, dir, filepath.Join(cache, "kitgen", "servers"), progress)
}

// cached is binary with the folders given: where the source is, and where
// built ones are kept.
func (s source) cached(ctx context.Context, dir, cache string, progress io.Writer) (string, error) {
	key, err := s.key(dir)
	if err != nil {
		return "", err
	}
	target := filepath.Join(cache, s.name+"-"+key)
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil { //nolint:gosec // a cache of programs, like go's own
		return "", fmt.Errorf("build %s: %w", s.name, err)
	}
	fmt.Fprintln(progress, s.waiting)
	lock, err := waitLockFile(target + ".lock")
	if err != nil {
		return "", fmt.Errorf("build %s: %w", s.name, err)
	}
	defer lock.Close() //nolint:errcheck // only drops the lock
	if _, err := os.Stat(target); err == nil {
		return target, nil // whoever held the lock has built it
	}
	return target, s.build(ctx, dir, target)
}

// build compiles into a file beside target and renames it, so that target is
// always whole.
func (s source) build(ctx context.Context, dir, target string) error {
	part := target + ".part"
	cmd := exec.CommandContext(ctx, "go", "build", "-o", part, s.pkg) //nolint:gosec // both are constants of this package
	cmd.Dir = dir
	// PWD as well: go trusts it when it looks for the workspace.
	cmd.Env = append(os.Environ(), append([]string{"PWD=" + dir}, s.env...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", s.name, dir, err, out)
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("build %s: %w", s.name, err)
	}
	return nil
}

// key stands for everything the binary is made from.
func (s source) key(dir string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"go.mod", "go.sum", "main.go"} {
		b, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // a file of this package
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("hash the source of %s: %w", s.name, err)
		}
		fmt.Fprintln(h, name, len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// sourceDir is the folder of the module called name beside this file.
func sourceDir(ctx context.Context, name string) (string, error) {
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		return filepath.Join(filepath.Dir(file), name), nil
	}
	// Built with -trimpath, the binary does not know where it came from.
	const self = "github.com/kitgen/kitgen/internal/servers"
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", self).Output()
	if err != nil {
		return "", fmt.Errorf("find the source of %s: go list %s: %w", name, self, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), name), nil
}
