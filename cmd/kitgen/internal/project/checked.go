package project

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"strings"
)

// packageName is what go/types calls the package; it means nothing.
const packageName = "p"

// checkedPackage is the package as it was generated last, type-checked as far
// as that goes without what it imports.
type checkedPackage struct {
	fset  *token.FileSet
	info  types.Info
	sels  map[*ast.Ident]bool // behind a dot
	names map[string]bool     // of generated files
	next  map[string]bool     // what the generated files will declare
}

func (u *update) packageOf(src *source) *checkedPackage {
	p := &checkedPackage{
		fset:  src.fset,
		info:  types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}},
		sels:  map[*ast.Ident]bool{},
		names: map[string]bool{},
		next:  map[string]bool{},
	}
	var files []*ast.File
	for _, f := range src.files {
		if !strings.HasSuffix(f.ast.Name.Name, "_test") {
			files = append(files, f.ast)
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				p.sels[sel.Sel] = true
			}
			return true
		})
	}
	for name := range u.old.Generated {
		if path.Dir(name) != "." || path.Ext(name) != ".go" {
			continue
		}
		text, err := fs.ReadFile(u.dir, name)
		if err != nil {
			continue // it was removed, and says nothing
		}
		f, err := parser.ParseFile(src.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		files = append(files, f)
		p.names[name] = true
	}
	for name, text := range u.generated {
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			continue // not a Go file
		}
		for n := range names(f) {
			p.next[n] = true
		}
	}
	conf := types.Config{Importer: nothing{}, Error: func(error) {}}
	_, _ = conf.Check(packageName, src.fset, files, &p.info) // it cannot be without errors: the interface changed
	return p
}

func (p *checkedPackage) isGenerated(pos token.Pos) bool {
	return p.names[p.fset.Position(pos).Filename]
}

// renamed is what id is called now, if it means the method, or something that
// is generated for it: perhaps no more, since kitgen ran before it was told of
// the new name. It is empty if id means anything else.
func (p *checkedPackage) renamed(id *ast.Ident, r Rename, impl function) string {
	rest, ok := strings.CutPrefix(id.Name, r.From)
	if !ok || rest != "" && (!p.next[r.To+rest] || p.next[id.Name]) {
		return ""
	}
	_, defines := p.info.Defs[id]
	obj := p.info.Uses[id]
	switch {
	case defines:
		return ""
	case obj == nil && (rest == "" || p.sels[id]):
		return ""
	case obj != nil && !p.isGenerated(obj.Pos()) && obj.Pos() != impl.decl.Name.Pos():
		return ""
	}
	return r.To + rest
}

// ours reports whether x is of the service's interface, or of a generated type.
func (p *checkedPackage) ours(x ast.Expr, iface string) bool {
	t := p.info.Types[x].Type
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := t.(*types.Named)
	return ok && named.Obj().Pkg() != nil && (named.Obj().Name() == iface && named.Obj().Pkg().Path() == packageName || p.isGenerated(named.Obj().Pos()))
}

// checkBody is the first thing about the body of fn that does not type-check
// in the package that texts make, as far as that can be told without what they
// import; empty if there is none.
func checkBody(texts map[string][]byte, file string, fn string, recv string) string {
	fset := token.NewFileSet()
	var files []*ast.File
	var body *ast.BlockStmt
	for name, text := range texts {
		f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err.Error()
		}
		files = append(files, f)
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && name == file && d.Name.Name == fn && receiver(d) == recv {
				body = d.Body
			}
		}
	}
	problem := ""
	conf := types.Config{Importer: nothing{}, Error: func(err error) {
		e, ok := err.(types.Error) //nolint:errorlint // it is what go/types hands over
		if ok && problem == "" && body != nil && body.Pos() <= e.Pos && e.Pos <= body.End() {
			problem = e.Msg
		}
	}}
	_, _ = conf.Check(packageName, fset, files, nil) // told above
	return problem
}

// nothing imports packages that have nothing in them; go/types lets anything
// be named that is in such a package.
type nothing struct{}

// Import is for types.Config.
func (nothing) Import(string) (*types.Package, error) { return nil, errNotImported }
