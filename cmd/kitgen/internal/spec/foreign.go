package spec

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/gosrc"
)

// pack is a package whose declarations are known: the interface's own, or one
// that it takes a type from.
type pack struct {
	path    string
	sources []*source
	decls   map[string]*decl
	types   *checked
	methods map[string]map[string]bool // by type and name: whether the receiver is a pointer; made when first asked for
}

// declared is where a named type comes from.
type declared struct {
	named *types.Named // nil if the name stands for a type without one
	in    *pack
	decl  *decl
	under types.Type
}

// resolve finds the declaration of a named type, for which the type checker
// had a stand-in if it is of another package.
func (l *loader) resolve(t *types.Named) (declared, error) {
	in, err := l.pack(t.Obj().Pkg())
	if err != nil {
		return declared{}, err
	}
	obj := in.types.pkg.Scope().Lookup(t.Obj().Name())
	if obj == nil || !isTypeName(obj) {
		return declared{}, fmt.Errorf("package %s has no type %s", in.path, t.Obj().Name())
	}
	d := in.decls[t.Obj().Name()]
	if in != l.own {
		switch found := types.Unalias(obj.Type()).(type) {
		case *types.Named:
			if found.Obj().Pkg() != in.types.pkg {
				return l.resolve(found) // an alias of another package's
			}
			if t, err = instance(found, t); err != nil {
				return declared{}, err
			}
		default:
			return declared{in: in, under: found}, nil
		}
	}
	under := t.Underlying()
	if under == foreign {
		rhs, ok := types.Unalias(in.types.info.TypeOf(d.spec.Type)).(*types.Named)
		if !ok || t.TypeArgs().Len() > 0 {
			return declared{}, fmt.Errorf("%s is made of a type that is not read", t.Obj().Name())
		}
		from, err := l.resolve(rhs)
		if err != nil {
			return declared{}, err
		}
		under = from.under
	}
	return declared{t, in, d, under}, nil
}

func isTypeName(obj types.Object) bool {
	_, ok := obj.(*types.TypeName)
	return ok
}

// instance is the declared type with the arguments that its stand-in had.
func instance(generic, standIn *types.Named) (*types.Named, error) {
	if standIn.TypeArgs().Len() == 0 || generic.TypeArgs().Len() > 0 {
		return generic, nil
	}
	if generic.TypeParams().Len() != standIn.TypeArgs().Len() {
		return nil, fmt.Errorf("%s takes %d type arguments", generic.Obj().Name(), generic.TypeParams().Len())
	}
	t, err := types.Instantiate(nil, generic, slices.Collect(standIn.TypeArgs().Types()), false)
	if err != nil {
		return nil, err
	}
	return t.(*types.Named), nil //nolint:forcetypeassert // an instance of one is one
}

// pack is the package p, read from its source when it is first needed.
func (l *loader) pack(p *types.Package) (*pack, error) {
	if p == l.types.pkg {
		return l.own, nil
	}
	return l.packAt(p.Path())
}

func (l *loader) packAt(importPath string) (*pack, error) {
	if known, ok := l.packs[importPath]; ok {
		return known, nil
	}
	fsys, err := l.finder.Open(importPath)
	if err != nil {
		return nil, err
	}
	p := &pack{path: importPath}
	if p.sources, err = l.parseForeign(importPath, fsys); err != nil {
		return nil, err
	}
	l.packs[importPath] = p // before it is checked, should two be made of each other
	p.decls = l.index(p.sources)
	p.types = l.typeCheck(importPath, p.sources, p.decls)
	return p, nil
}

// parseForeign parses what the go command would compile of a package. A file
// that does not parse is not read: what it declares is then missing.
func (l *loader) parseForeign(importPath string, fsys fs.FS) (list []*source, err error) {
	names, err := fs.Glob(fsys, "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if why := skip(name, text); why != "" && why != generatedFile {
			continue
		}
		name := path.Join(importPath, name)
		const mode = parser.ParseComments | parser.SkipObjectResolution
		file, err := parser.ParseFile(l.fset, name, withoutFunctions(text), mode)
		if err != nil {
			file, err = parser.ParseFile(l.fset, name, text, mode)
		}
		if err == nil {
			list = append(list, &source{name, text, file})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("package %s has no Go file to read", importPath)
	}
	return list, nil
}

// method reports whether the type of that name has the method declared on it,
// and whether its receiver is a pointer.
func (p *pack) method(typeName, name string) (pointer, ok bool) {
	if p.methods == nil {
		p.methods = make(map[string]map[string]bool)
		for _, s := range p.sources {
			for _, d := range s.file.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
					p.addMethod(fn)
				}
			}
		}
	}
	pointer, ok = p.methods[typeName][name]
	return pointer, ok
}

func (p *pack) addMethod(fn *ast.FuncDecl) {
	of := receiver(fn)
	if p.methods[of] == nil {
		p.methods[of] = make(map[string]bool)
	}
	_, pointer := ast.Unparen(fn.Recv.List[0].Type).(*ast.StarExpr)
	p.methods[of][fn.Name.Name] = pointer
}

// importName is what generated code calls a package: as the user does, if that
// is no name it has itself.
func (l *loader) importName(importPath string) string {
	if importPath == "time" {
		return "time"
	}
	for _, i := range l.svc.Imports {
		if i.Path == importPath {
			return i.Name
		}
	}
	name := l.freeName(importPath)
	l.svc.Imports = append(l.svc.Imports, Import{name, importPath})
	return name
}

// freeName is what nothing else is called in generated code: what a file of the
// user's calls the package, or what that calls itself, or that with a number.
func (l *loader) freeName(importPath string) string {
	if slices.Contains(ownImports, importPath) {
		return path.Base(importPath) // the file may import it already
	}
	own := l.ownName(importPath)
	for _, name := range []string{l.userName(importPath), own} {
		if name != "" && !l.nameTaken(name) {
			return name
		}
	}
	for n := 2; ; n++ {
		if name := fmt.Sprintf("%s%d", own, n); !l.nameTaken(name) {
			return name
		}
	}
}

// userName is the name that a file of the user's gives to the package; empty if
// none does.
func (l *loader) userName(importPath string) string {
	for _, s := range l.sources {
		for _, imp := range s.file.Imports {
			if imp.Path.Value == strconv.Quote(importPath) && imp.Name != nil && imp.Name.Name != "." && imp.Name.Name != "_" {
				return imp.Name.Name
			}
		}
	}
	return ""
}

func (l *loader) ownName(importPath string) string {
	if p, err := l.packAt(importPath); err == nil {
		return p.sources[0].file.Name.Name
	}
	return packageName(importPath, func(string) bool { return false })
}

// ownImports are the packages of the standard library that generated code imports
// anyway, and under their own name.
var ownImports = []string{"cmp", "encoding", "encoding/json", "net", "net/http", "net/url", "reflect", "slices", "sync", "time"}

// localNames are the variables of generated code, which must not hide a package.
const localNames = "bad c client cc convert e err field in k l list m n ok opts out p r req resp s set svc t text v"

func (l *loader) nameTaken(name string) bool {
	_, generated := generatedNames(l.svc)[name]
	return generated || slices.Contains(strings.Fields(localNames), name) || token.IsKeyword(name) || types.Universe.Lookup(name) != nil ||
		slices.ContainsFunc(l.svc.Imports, func(i Import) bool { return i.Name == name }) ||
		slices.ContainsFunc(l.sources, func(s *source) bool {
			return slices.ContainsFunc(s.declared(), func(id *ast.Ident) bool { return id.Name == name })
		})
}

// finderFor finds packages for the code in dir.
func finderFor(dir string) *gosrc.Finder {
	if dir == "" {
		return gosrc.Standard()
	}
	return gosrc.In(dir)
}
