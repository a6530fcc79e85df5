package project

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// source is the user's own Go files of a package, parsed.
type source struct {
	fset  *token.FileSet
	files []*goFile // sorted by name
}

type goFile struct {
	name string
	text []byte
	ast  *ast.File
}

func (f *goFile) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// function is a function or method of the user's.
type function struct {
	file *goFile
	decl *ast.FuncDecl
	recv string // base type of the receiver; empty if there is none
}

// readSource parses the Go files in dir but those that skip has, and those that
// the go command never builds.
func readSource(dir fs.FS, skip func(name string) bool) (*source, error) {
	names, err := fs.Glob(dir, "*.go")
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for _, name := range names {
		if skip(name) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			continue
		}
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		if !neverBuilt(text) {
			texts[name] = text
		}
	}
	return parseSource(texts)
}

// neverBuilt reports whether a file says //go:build ignore, or as much.
func neverBuilt(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "package ") {
			return false
		}
		if expr, err := constraint.Parse(strings.TrimSpace(line)); err == nil && constraint.IsGoBuild(line) {
			return !expr.Eval(func(tag string) bool { return tag != "ignore" })
		}
	}
	return false
}

// parseSource parses files. All that do not parse are refused together.
func parseSource(texts map[string][]byte) (*source, error) {
	s := &source{fset: token.NewFileSet()}
	var broken []string
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		f, err := parser.ParseFile(s.fset, name, texts[name], parser.SkipObjectResolution|parser.ParseComments)
		if err != nil && conflicted(texts[name]) {
			err = fmt.Errorf("%s: KG073: has a merge conflict; resolve it", name)
		}
		if err != nil {
			broken = append(broken, err.Error())
			continue
		}
		s.files = append(s.files, &goFile{name, texts[name], f})
	}
	if len(broken) > 0 {
		return nil, Refusal(strings.Join(broken, "\n") + "\ncorrect the syntax, then run it again")
	}
	return s, nil
}

// conflicted reports whether a merge left its markers in text.
func conflicted(text []byte) bool {
	return bytes.HasPrefix(text, []byte("<<<<<<< ")) || bytes.Contains(text, []byte("\n<<<<<<< "))
}

// functions lists every function and method, in the order of files and lines.
func (s *source) functions() []function {
	var out []function
	for _, f := range s.files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				out = append(out, function{f, fn, receiver(fn)})
			}
		}
	}
	return out
}

// receiver is the base type's name of a method's receiver.
func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// collisions refuses names of the user's that files, which kitgen is about to
// write, declare too.
func (s *source) collisions(files []render.File) error {
	taken := map[string]string{}
	for _, f := range files {
		if path.Dir(f.Path) != "." {
			continue
		}
		for _, n := range f.Declares {
			taken[n] = f.Path
		}
	}
	var clashes []string
	for _, f := range s.files {
		if strings.HasSuffix(f.ast.Name.Name, "_test") {
			continue
		}
		for n, pos := range render.Names(f.ast) {
			if by, ok := taken[n]; ok {
				clashes = append(clashes, fmt.Sprintf("%s: KG029: %s is also what kitgen calls something in %s: rename yours", s.fset.Position(pos), n, by))
			}
		}
	}
	if clashes == nil {
		return nil
	}
	slices.Sort(clashes)
	return Refusal(strings.Join(clashes, "\n"))
}
