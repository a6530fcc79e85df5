package project

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// Calling is a package that is to call a service.
type Calling struct {
	Dir     string // absolute; perhaps not there yet
	Package string // its name
	src     *source
}

// Caller looks at the package in dir, which must not be that of the service.
func Caller(dir, service string) (*Calling, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	own, err := filepath.Abs(service)
	if err != nil {
		return nil, err
	}
	if abs == own {
		return nil, refuse("%s: is the service itself, which needs no client to call itself; name the directory of another package", dir)
	}
	c := &Calling{Dir: abs, Package: filepath.Base(abs), src: &source{}}
	switch info, err := os.Stat(abs); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, refuse("%s: is a file; name the directory of a package", dir)
	default:
		if c.src, err = readSource(os.DirFS(abs), func(string) bool { return false }); err != nil {
			return nil, err
		}
	}
	for _, f := range c.src.files {
		if name := f.ast.Name.Name; !strings.HasSuffix(name, "_test") {
			c.Package = name
			return c, nil
		}
	}
	if !token.IsIdentifier(c.Package) {
		return nil, refuse("%s: has no Go file, and its name cannot be that of a package; name another directory, or put a Go file into it", dir)
	}
	return c, nil
}

// Declares is the place of a name that the package has already; empty if it
// has not.
func (c *Calling) Declares(name string) string {
	for _, f := range c.src.files {
		if pos, ok := render.Names(f.ast)[name]; ok {
			return c.src.fset.Position(pos).String()
		}
	}
	return ""
}

// Plan plans file, which the package then has. One of the same name that is
// there already is the user's.
func (c *Calling) Plan(file *render.File) (*Plan, error) {
	old, err := os.ReadFile(filepath.Join(c.Dir, file.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Plan{Changes: []Change{{Verb: Create, Path: file.Path, New: file.Text}}}, nil
	case err != nil:
		return nil, err
	case bytes.Equal(old, file.Text):
		return &Plan{Changes: []Change{{Verb: Identical, Path: file.Path, Old: old, New: old}}}, nil
	}
	return nil, refuse("%s: is there, and is something else; rename it", filepath.Join(c.Dir, file.Path))
}

// Needs says what is still to be typed before the package can import service,
// which is in serviceDir; empty if that is nothing.
func (c *Calling) Needs(service, serviceDir string) (string, error) {
	mine, text, err := above(c.Dir, "go.mod")
	if err != nil {
		return "", err
	}
	if mine == "" {
		return fmt.Sprintf("%s is in no module: go mod init in it", c.Dir), nil
	}
	abs, err := filepath.Abs(serviceDir)
	if err != nil {
		return "", err
	}
	theirs, gomod, err := above(abs, "go.mod")
	if err != nil || theirs == mine {
		return "", err
	}
	module := ModulePath(gomod)
	if bytes.Contains(text, []byte("\t"+module+" ")) || bytes.Contains(text, []byte("require "+module+" ")) {
		return "", nil
	}
	from, err := filepath.Rel(mine, theirs)
	if err != nil {
		from = theirs
	} else if !strings.HasPrefix(from, "..") {
		from = "./" + from
	}
	return fmt.Sprintf("%s must know where %s is:\n    cd %s && go mod edit -require=%s@v0.0.0 -replace=%[4]s=%s && go mod tidy",
		ModulePath(text), service, mine, module, filepath.ToSlash(from)), nil
}
