package project

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// importers are the user's files in the directories below that import the
// service's package, and those beside them, as renames have left them. Other
// modules are left out, and what cannot be read says nothing.
func (u *update) importers(fset *token.FileSet) []*goFile {
	var found []*goFile
	packages := map[string][]*goFile{} // by directory and name
	importing := map[string]bool{}
	_ = fs.WalkDir(u.dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // see above
		case d.IsDir() && name != "." && u.foreign(name):
			return fs.SkipDir
		case !d.Type().IsRegular() || path.Ext(name) != ".go" || path.Dir(name) == "." || u.old.Generated[name] != "":
			return nil
		}
		if f := u.outer(fset, name); f != nil {
			at := path.Join(path.Dir(name), f.ast.Name.Name)
			packages[at] = append(packages[at], f)
			importing[at] = importing[at] || imports(f.ast, u.opt.Module)
		}
		return nil
	})
	for at, files := range packages {
		if importing[at] {
			found = append(found, files...)
		}
	}
	return found
}

// foreign reports whether the go command sees no package of this module in dir.
func (u *update) foreign(dir string) bool {
	base := path.Base(dir)
	_, err := fs.Stat(u.dir, path.Join(dir, "go.mod"))
	return err == nil || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor"
}

// outer is a file of another directory; nil if it is none of Go.
func (u *update) outer(fset *token.FileSet, name string) *goFile {
	text, ok := u.others[name]
	if !ok {
		var err error
		if text, err = fs.ReadFile(u.dir, name); err != nil {
			return nil
		}
		u.texts[name] = text
	}
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil
	}
	return &goFile{name, text, f}
}

func imports(file *ast.File, what string) bool {
	return slices.ContainsFunc(file.Imports, func(imp *ast.ImportSpec) bool {
		p, err := strconv.Unquote(imp.Path.Value)
		return err == nil && p == what
	})
}

// beside keeps what in makes of files in other directories.
func (u *update) beside(in *inserter) error {
	for file := range in.edits {
		if path.Dir(file.name) == "." {
			continue
		}
		text, err := in.result(file)
		if err != nil {
			return err
		}
		u.others[file.name] = text
	}
	return nil
}
