package spec

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// checked is the outcome of type-checking the declarations.
type checked struct {
	pkg    *types.Package
	info   *types.Info
	errors []types.Error // anywhere in the package; most do not concern the interface
}

// check type-checks the type declarations, the constants that they need, and
// nothing else, against stand-ins for the imports.
func (l *loader) check() {
	l.types = l.typeCheck(l.svc.Package, l.sources, l.decls)
	l.own = &pack{path: l.svc.Module, sources: l.sources, decls: l.decls, types: l.types}
}

// typeCheck also checks constants of the given names.
func (l *loader) typeCheck(path string, sources []*source, decls map[string]*decl, constants ...string) *checked {
	c := &checked{info: &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}}
	needed := neededConstants(sources, decls, constants...)
	conf := types.Config{
		Importer:                 newStandIns(sources, needed, l.constant),
		Error:                    c.keep,
		IgnoreFuncBodies:         true,
		FakeImportC:              true,
		DisableUnusedImportCheck: true,
	}
	files := make([]*ast.File, len(sources))
	for i, s := range sources {
		files[i] = s.pruned(needed)
	}
	// The error is one of those kept; those of the interface are reported with it.
	c.pkg, _ = conf.Check(path, l.fset, files, c.info)
	return c
}

func (c *checked) keep(err error) {
	if e, ok := errors.AsType[types.Error](err); ok {
		c.errors = append(c.errors, e)
	}
}

// pruned is the file with its imports, type declarations and needed constants
// only.
func (s *source) pruned(needed map[*ast.GenDecl]bool) *ast.File {
	out := &ast.File{Package: s.file.Package, Name: s.file.Name, Imports: s.file.Imports, FileStart: s.file.FileStart, FileEnd: s.file.FileEnd}
	for _, d := range s.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && (g.Tok == token.TYPE || g.Tok == token.IMPORT || needed[g]) {
			out.Decls = append(out.Decls, g)
		}
	}
	return out
}

// typeErrors reports what the type checker found wrong within node, and
// whether that was anything.
func (l *loader) typeErrors(node ast.Node) (found bool) {
	for _, e := range l.types.errors {
		if e.Pos < node.Pos() || node.End() <= e.Pos {
			continue
		}
		found = true
		fix := "go vet shows the same"
		if strings.HasPrefix(e.Msg, "undefined: ") {
			fix = "declare it in this package, in a file that is not generated, or correct the name"
		}
		l.bad(e.Pos, "KG039", fix, "%s", e.Msg)
	}
	return found
}
