package project

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// packageName is what go/types calls the package; it means nothing.
const packageName = "p"

// checkedPackage is the package as it was generated last, and the user's
// packages that import it, type-checked as far as that goes without anything
// else that they import.
type checkedPackage struct {
	fset    *token.FileSet
	files   []*goFile // of the user's
	service *types.Package
	scopes  []*types.Scope // of all packages
	module  string         // what imports the package is called there
	info    types.Info
	sels    map[*ast.Ident]ast.Expr // behind a dot, by what is in front of it
	names   map[string]bool         // of generated files
	next    map[string]bool         // what the generated files will declare

	rename  Rename
	methods map[token.Pos]string // names of methods that are renamed, by where they are declared: their receivers
}

func (u *update) packageOf(src *source) *checkedPackage {
	p := &checkedPackage{
		fset:   src.fset,
		module: u.opt.Module,
		info:   types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}},
		sels:   map[*ast.Ident]ast.Expr{},
		names:  map[string]bool{},
		next:   map[string]bool{},
	}
	p.files = append(slices.Clone(src.files), u.importers(src.fset)...)
	packages := map[string][]*ast.File{} // by directory and name
	for _, f := range p.files {
		at := path.Join(path.Dir(f.name), f.ast.Name.Name)
		if p.inside(f) {
			at = "."
		}
		packages[at] = append(packages[at], f.ast)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				p.sels[sel.Sel] = sel.X
			}
			return true
		})
	}
	packages["."] = append(packages["."], u.oldFiles(p)...)
	for name, text := range u.generated {
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			continue // not a Go file
		}
		for n := range render.Names(f) {
			p.next[n] = true
		}
	}
	p.service = p.check(packageName, packages["."], nothing{})
	delete(packages, ".")
	for at, files := range packages {
		p.check(at, files, only{p.module, p.service})
	}
	return p
}

// oldFiles are the generated files as they are on the disk.
func (u *update) oldFiles(p *checkedPackage) (files []*ast.File) {
	for name := range u.old.Generated {
		if path.Dir(name) != "." || path.Ext(name) != ".go" {
			continue
		}
		text, err := fs.ReadFile(u.dir, name)
		if err != nil {
			continue // it was removed, and says nothing
		}
		f, err := parser.ParseFile(p.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		files = append(files, f)
		p.names[name] = true
	}
	return files
}

func (p *checkedPackage) check(name string, files []*ast.File, imports types.Importer) *types.Package {
	conf := types.Config{Importer: imports, Error: func(error) {}}
	pkg, _ := conf.Check(name, p.fset, files, &p.info) // it cannot be without errors: the interface changed
	p.scopes = append(p.scopes, pkg.Scope())
	return pkg
}

// inside reports whether file is of the service's package.
func (*checkedPackage) inside(file *goFile) bool {
	return !strings.Contains(file.name, "/") && !strings.HasSuffix(file.ast.Name.Name, "_test")
}

// implementers are the methods that implement the renamed one of the interface:
// they are called as it was and take and return the same, and their types have
// the others, too.
func (p *checkedPackage) implementers(iface string, r Rename) map[token.Pos]string {
	found := map[token.Pos]string{}
	obj := p.service.Scope().Lookup(iface)
	if obj == nil {
		return found
	}
	want, ok := obj.Type().Underlying().(*types.Interface)
	if !ok {
		return found
	}
	for _, scope := range p.scopes {
		for _, name := range scope.Names() {
			typ, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || types.IsInterface(typ.Type()) || p.isGenerated(typ.Pos()) {
				continue
			}
			if m := implements(typ, want, r); m != nil {
				found[m.Pos()] = name
			}
		}
	}
	return found
}

// implements is the method of typ that is the renamed one of want; nil if typ
// does not implement want by it.
func implements(typ *types.TypeName, want *types.Interface, r Rename) *types.Func {
	var found *types.Func
	for m := range want.Methods() {
		name := m.Name()
		if name == r.To {
			name = r.From
		}
		obj, index, _ := types.LookupFieldOrMethod(types.NewPointer(typ.Type()), true, typ.Pkg(), name)
		have, ok := obj.(*types.Func)
		switch {
		case !ok:
			return nil
		case m.Name() == r.To && len(index) == 1 && types.Identical(have.Type(), m.Type()):
			found = have
		}
	}
	return found
}

func (p *checkedPackage) isGenerated(pos token.Pos) bool {
	return p.names[p.fset.Position(pos).Filename]
}

// renamed is what id is called now, if it means the method, or something that
// is generated for it: perhaps no more, since kitgen ran before it was told of
// the new name. It is empty if id means anything else.
func (p *checkedPackage) renamed(id *ast.Ident, file *goFile) string {
	to := p.successor(id.Name)
	if to == "" {
		return ""
	}
	_, defines := p.info.Defs[id]
	obj := p.info.Uses[id]
	known := obj != nil && (p.isGenerated(obj.Pos()) || p.methods[obj.Pos()] != "")
	x, selected := p.sels[id]
	gone := obj == nil && id.Name != p.rename.From && (p.inside(file) && !selected || selected && p.isService(x, file))
	if defines || !known && !gone {
		return ""
	}
	return to
}

// successor is what the method, or what is generated for it, is called now;
// empty if name can be neither.
func (p *checkedPackage) successor(name string) string {
	rest, ok := strings.CutPrefix(name, p.rename.From)
	if !ok || rest != "" && (!p.next[p.rename.To+rest] || p.next[name]) {
		return ""
	}
	return p.rename.To + rest
}

// isService reports whether x, in file, is the name of the service's package.
func (p *checkedPackage) isService(x ast.Expr, file *goFile) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	obj := p.info.Uses[id]
	if obj == nil { // go/types does not look into calls of what it does not know
		return id.Name == p.localName(file)
	}
	name, ok := obj.(*types.PkgName)
	return ok && name.Imported() == p.service
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

// only has one package in it.
type only struct {
	path string
	pkg  *types.Package
}

// Import is for types.Config.
func (o only) Import(path string) (*types.Package, error) {
	if path == o.path {
		return o.pkg, nil
	}
	return nil, errNotImported
}
