package project

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

const libraryPath = "github.com/kitgen/kitgen"

// ToolPath is the module of kitgen itself, which a service's go.mod pins as a
// tool: go tool kitgen is the version that the service was made with.
const ToolPath = libraryPath + "/cmd/kitgen"

// Library is the library that a generated service requires, and kitgen with it.
type Library struct {
	Dir     string // a checkout, which the service's go.mod then points to; empty for a release
	Version string // of a release
	Sum     string // of a release, as go.sum has it; not known if empty
	ToolSum string // as Sum, of kitgen, which has the same version
}

// String is the directory or the version.
func (l Library) String() string {
	if l.Dir != "" {
		return l.Dir
	}
	return l.Version
}

// Place is where a service goes.
type Place struct {
	Dir    string // absolute
	Module string // import path of the service's package
	Own    bool   // it becomes a module of its own; else it is a package of the one around it
	Around string // directory of the module around it; empty if there is none
	Work   string // a go.work that is in force there and does not list it; empty if there is none
}

// Locate finds the place of the service name below the directory parent.
// module, if not empty, makes it a module of that path wherever it is.
func Locate(parent, name, module string) (Place, error) {
	p := Place{Dir: filepath.Join(parent, name), Module: module, Own: true}
	around, text, err := above(parent, "go.mod")
	if err != nil {
		return Place{}, err
	}
	p.Around = around
	if p.Work, err = workspace(parent); err != nil {
		return Place{}, err
	}
	switch {
	case module != "":
		return p, CheckModulePath(module)
	case around == "":
		p.Module = name
		return p, nil
	}
	base := ModulePath(text)
	if base == "" {
		return Place{}, refuse("KG009: %s has no module line, so the import path of %s is unknown; correct it, or make a module of its own with --module", filepath.Join(around, "go.mod"), name)
	}
	p.Own, p.Work = false, ""
	p.Module, err = packagePath(base, around, p.Dir)
	return p, err
}

// PackagePath is the import path of the package in dir, by the go.mod in it or
// above it.
func PackagePath(dir string) (string, error) {
	around, text, err := above(dir, "go.mod")
	if err != nil {
		return "", err
	}
	base := ModulePath(text)
	if base == "" {
		return "", refuse("KG009: %s: is in no module, so its import path is unknown; run go mod init in it", dir)
	}
	return packagePath(base, around, dir)
}

func packagePath(base, root, dir string) (string, error) {
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return "", fmt.Errorf("import path of %s: %w", dir, err)
	}
	return path.Join(base, filepath.ToSlash(rel)), nil
}

// above finds the nearest file of that name in dir or a directory above it.
func above(dir, name string) (found string, text []byte, err error) {
	for {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return dir, text, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", nil, fmt.Errorf("look for %s: %w", name, err)
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", nil, nil
		}
		dir = up
	}
}

// workspace is the go.work in force in dir.
func workspace(dir string) (string, error) {
	switch env := os.Getenv("GOWORK"); env {
	case "off":
		return "", nil
	case "":
		found, _, err := above(dir, "go.work")
		if found == "" {
			return "", err
		}
		return filepath.Join(found, "go.work"), err
	default:
		return env, nil
	}
}

// ModulePath is the module path that a go.mod declares; empty if it does not.
func ModulePath(text []byte) string {
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[0] != "module" {
			continue
		}
		if p, err := strconv.Unquote(fields[1]); err == nil {
			return p
		}
		return fields[1]
	}
	return ""
}

// CheckModulePath refuses what --module may not be, since the go command would
// refuse it later.
func CheckModulePath(p string) error {
	for elem := range strings.SplitSeq(p, "/") {
		bad := strings.IndexFunc(elem, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
		})
		if elem == "" || bad >= 0 || elem[0] == '.' || elem[len(elem)-1] == '.' || p[0] == '-' {
			return refuse("KG009: --module %q: not a module path; write one such as example.com/greeter", p)
		}
	}
	return nil
}

// Module is the go.mod and go.sum of a service of its own module. snapshot has
// those of a service as go mod tidy left them, with the library and kitgen at
// v0.0.0; set is the name of its go.mod there.
func Module(p Place, lib Library, snapshot fs.FS, set string) ([]render.File, error) {
	mod, err := fs.ReadFile(snapshot, set+".mod.txt")
	if err != nil {
		return nil, err
	}
	sum, err := fs.ReadFile(snapshot, "go.sum.txt")
	if err != nil {
		return nil, err
	}
	mod = bytes.Replace(mod, []byte("module service\n"), []byte("module "+p.Module+"\n"), 1)
	if lib.Dir != "" {
		mod = fmt.Appendf(mod, "\n// The library is not released yet: this is where it is on this machine.\nreplace (\n\t%s => %s\n\t%s => %s\n)\n",
			libraryPath, quoted(lib.Dir), ToolPath, quoted(filepath.Join(lib.Dir, "cmd", "kitgen")))
	} else {
		for _, path := range []string{libraryPath, ToolPath} {
			mod = bytes.Replace(mod, []byte(path+" v0.0.0"), []byte(path+" "+lib.Version), 1)
		}
		sums, err := releaseSums(lib, snapshot)
		if err != nil {
			return nil, err
		}
		sum = append(sums, sum...)
	}
	return []render.File{
		{Path: "go.mod", Kind: render.Seeded, Text: mod},
		{Path: "go.sum", Kind: render.Seeded, Text: sum},
	}, nil
}

// releaseSums are the lines of go.sum for the library and for kitgen. Those
// that are not known the go command asks for itself: go mod download.
func releaseSums(lib Library, snapshot fs.FS) ([]byte, error) {
	var lines []byte
	for _, m := range []struct{ path, sum, gomod string }{
		{libraryPath, lib.Sum, "library.mod.txt"},
		{ToolPath, lib.ToolSum, "kitgen.mod.txt"},
	} {
		if m.sum == "" {
			continue
		}
		gomod, err := fs.ReadFile(snapshot, m.gomod)
		if err != nil {
			return nil, err
		}
		file := sha256.Sum256(gomod)
		all := sha256.Sum256(fmt.Appendf(nil, "%x  go.mod\n", file))
		lines = fmt.Appendf(lines, "%[1]s %[2]s %[3]s\n%[1]s %[2]s/go.mod h1:%[4]s\n",
			m.path, lib.Version, m.sum, base64.StdEncoding.EncodeToString(all[:]))
	}
	return lines, nil
}

// quoted is a path as go.mod wants it.
func quoted(dir string) string {
	if strings.ContainsAny(dir, " \t\"'`,()[]{}") || strings.Contains(dir, "//") {
		return strconv.Quote(dir)
	}
	return dir
}
