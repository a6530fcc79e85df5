package gosrc

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Finder finds packages as the code in one directory imports them.
type Finder struct {
	dir   string
	build func() (*build, error)
}

// In returns a Finder for the code in dir, which need not exist yet. Nothing is
// read before the first Open.
func In(dir string) *Finder {
	f := &Finder{dir: dir}
	f.build = sync.OnceValues(func() (*build, error) { return readBuild(f.dir) })
	return f
}

// Open is the directory of a package. The error of one that is not there says
// how to get it.
func (f *Finder) Open(importPath string) (fs.FS, error) {
	dir, err := f.find(importPath)
	if err != nil {
		return nil, err
	}
	return os.DirFS(dir), nil
}

// Standard returns a Finder for code of no module, which has the standard library.
func Standard() *Finder {
	none := &build{}
	return &Finder{build: func() (*build, error) { return none, nil }}
}

func (f *Finder) find(importPath string) (string, error) {
	b, err := f.build()
	if err != nil {
		return "", err
	}
	if dir, ok := b.own(importPath); ok {
		return dir, nil
	}
	if first, _, _ := strings.Cut(importPath, "/"); !strings.Contains(first, ".") {
		return standard(importPath)
	}
	if b.vendor != "" {
		if dir := filepath.Join(b.vendor, filepath.FromSlash(importPath)); isDir(dir) {
			return dir, nil
		}
	}
	return b.required(importPath)
}

// Missing is a package that is not there.
type Missing struct {
	Why  string
	Mend string // how to get it
}

func (m *Missing) Error() string { return m.Why + ": " + m.Mend }

func standard(importPath string) (string, error) {
	root := goroot()
	dir := filepath.Join(root, "src", filepath.FromSlash(importPath))
	if root == "" || !isDir(dir) {
		return "", &Missing{fmt.Sprintf("package %s is not in the standard library at %q", importPath, root), "set GOROOT, or correct the import"}
	}
	return dir, nil
}

// own is a package of the module, or of those of the workspace.
func (b *build) own(importPath string) (string, bool) {
	for _, m := range b.main {
		if rest, ok := below(importPath, m.path); ok {
			if dir := filepath.Join(m.dir, filepath.FromSlash(rest)); isDir(dir) {
				return dir, true
			}
		}
	}
	return "", false
}

// required is a package of a module that go.mod requires: of the one with the
// longest path, if several could have it.
func (b *build) required(importPath string) (string, error) {
	var missing string
	for _, m := range b.providers(importPath) {
		dir, err := b.moduleDir(m)
		if err != nil {
			return "", err
		}
		rest, _ := below(importPath, m)
		switch pkg := filepath.Join(dir, filepath.FromSlash(rest)); {
		case isDir(pkg):
			return pkg, nil
		case !isDir(dir):
			missing = m
		}
	}
	if missing != "" {
		return "", &Missing{"module " + missing + " is not in the module cache", "go mod download " + missing}
	}
	return "", &Missing{"no module that go.mod requires has package " + importPath, "go get " + importPath}
}

func (b *build) providers(importPath string) (paths []string) {
	for m := range b.versions {
		if _, ok := below(importPath, m); ok {
			paths = append(paths, m)
		}
	}
	for m := range b.replaced {
		if name, _, _ := strings.Cut(m, "@"); !slices.Contains(paths, name) {
			if _, ok := below(importPath, name); ok {
				paths = append(paths, name)
			}
		}
	}
	slices.SortFunc(paths, func(x, y string) int { return len(y) - len(x) })
	return paths
}

// moduleDir is where the module is, or would be.
func (b *build) moduleDir(modulePath string) (string, error) {
	version := b.versions[modulePath]
	to, ok := b.replaced[modulePath+"@"+version]
	if !ok {
		to, ok = b.replaced[modulePath]
	}
	switch {
	case ok && to.version == "":
		return to.path, nil // a directory
	case ok:
		modulePath, version = to.path, to.version
	}
	cache := modcache()
	if cache == "" {
		return "", fmt.Errorf("there is no module cache to find %s in; set GOMODCACHE or GOPATH", modulePath)
	}
	return filepath.Join(cache, filepath.FromSlash(escape(modulePath))+"@"+escape(version)), nil
}

// below is the rest of an import path below a module's.
func below(importPath, modulePath string) (rest string, ok bool) {
	if importPath == modulePath {
		return "", true
	}
	return strings.CutPrefix(importPath, strings.TrimSuffix(modulePath, "/")+"/")
}

// escape is a module path or version as the cache spells it, on file systems
// that do not tell capitals: !a for A.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isDir(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}
