package spec

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"os"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/gosrc"
)

// Options say what to look for in a package. The zero value takes the only
// interface and names the service after the package.
type Options struct {
	Interface string // Go name of the interface; found by the rules of [LoadFS] if empty
	Name      string // service name; the package's name if empty
	Module    string // import path of the package; goes into the Service as it is
	Dir       string // where the package is, or will be: its go.mod says where imported packages are. Only the standard library is read if empty
}

// Load reads the package in the directory dir. See [LoadFS].
func Load(dir string, opt Options) (*Service, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("read package: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("read package: %s is a file: name the directory it is in", dir)
	}
	opt.Dir = cmp.Or(opt.Dir, dir)
	return LoadFS(os.DirFS(dir), opt)
}

// LoadFS reads the package at the root of fsys, finds its interface and
// describes it. The interface is opt.Interface; else the only exported one;
// else the one named Service; else the one named like the service.
//
// Tests, files named *_gen.go, files marked as generated and files that build
// constraints exclude are not read. Bad input is reported as [Problems];
// any other error means that the directory could not be read.
func LoadFS(fsys fs.FS, opt Options) (*Service, error) {
	l := &loader{opt: opt, fset: token.NewFileSet(), finder: finderFor(opt.Dir)}
	if err := l.load(fsys); err != nil {
		return nil, err
	}
	l.svc.Warnings = l.svc.Warnings.sorted()
	return l.svc, nil
}

// loader is the state of one Load.
type loader struct {
	opt     Options
	fset    *token.FileSet
	found   Problems
	sources []*source
	skipped []string // files not read, each with the reason
	decls   map[string]*decl
	fields  map[token.Pos]*ast.Field // of struct types, by the position of the name
	types   *checked
	own     *pack // sources, decls and types once more
	svc     *Service
	structs map[string]string // message names of those described, or being described, by type

	open     []string                // named types that are being converted, and are no structs
	depth    map[*types.TypeName]int // how many instances of it are being converted
	typeDirs map[*decl][]directive   // looked at already
	finder   *gosrc.Finder           // of other packages
	packs    map[string]*pack        // those found, by import path
	applied  map[*ast.Comment]bool   // directives that belong to a method
}

// load goes on after a problem wherever the next step still has something to
// look at, so that one run shows as many as possible.
func (l *loader) load(fsys fs.FS) error {
	if err := l.read(fsys); err != nil {
		return err
	}
	if len(l.found) > 0 {
		return l.found.Err()
	}
	for _, step := range []func(){l.declare, l.identify, l.check, l.describe, l.strayTypes, l.describeErrors, l.routes, l.collide} {
		step()
	}
	if len(l.found) > 0 {
		return l.found.Err()
	}
	return l.nameMessages()
}

// identify names the service.
func (l *loader) identify() {
	pkg := l.sources[0].file.Name
	l.svc = &Service{Name: l.opt.Name, Module: l.opt.Module, Package: pkg.Name}
	at, fix := token.Position{}, ""
	if l.svc.Name == "" {
		l.svc.Name, at, fix = pkg.Name, l.at(pkg.Pos()), "; or name the service apart from its package"
	}
	if ps, ok := errors.AsType[Problems](CheckName(l.svc.Name)); ok {
		for _, p := range ps {
			l.found.add(at, p.Code, p.Fix+fix, "%s", p.Msg)
		}
	}
	l.svc.PB, l.svc.ProtoPackage = camel(l.svc.Name), l.svc.Name+".v1"
}

// at is a position as the user knows it.
func (l *loader) at(pos token.Pos) token.Position { return l.fset.PositionFor(pos, false) }

// bad reports a problem of the source at pos.
func (l *loader) bad(pos token.Pos, code, fix, format string, args ...any) {
	l.found.add(l.at(pos), code, fix, format, args...)
}

// warn notes what is accepted and may surprise.
func (l *loader) warn(pos token.Pos, code, fix, format string, args ...any) {
	l.svc.Warnings.add(l.at(pos), code, fix, format, args...)
}

// badAt reports a problem at a place that is already text.
func (l *loader) badAt(pos, code, fix, format string, args ...any) {
	l.found = append(l.found, Problem{Pos: pos, Code: code, Msg: fmt.Sprintf(format, args...), Fix: fix})
}
