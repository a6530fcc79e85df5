package spec

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// standIns import every package as a stand-in that has just the names the
// sources select from it. Only the types kitgen knows have a shape; that of
// others is read from their source when a signature needs it.
type standIns struct {
	pkgs     map[string]*types.Package
	constant func(path, name string) (types.Type, constant.Value)
}

// Import is types.Importer; it never fails.
func (s standIns) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return s.get(path, path), nil
}

func (s standIns) get(path, name string) *types.Package {
	p, ok := s.pkgs[path]
	if !ok {
		p = types.NewPackage(path, name)
		p.MarkComplete()
		s.pkgs[path] = p
	}
	return p
}

// foreign is the shape of all types kitgen does not know. It is told from the
// user's interfaces by identity.
var foreign = types.NewInterfaceType(nil, nil).Complete()

// timeShape is what time.Time looks like; told by identity too.
var timeShape = types.NewStruct(nil, nil)

func shape(path, name string) types.Type {
	switch {
	case path == "time" && name == "Time":
		return timeShape
	case path == "time" && name == "Duration":
		return types.Typ[types.Int64]
	}
	return foreign
}

func newStandIns(sources []*source, needed map[*ast.GenDecl]bool, constant func(path, name string) (types.Type, constant.Value)) standIns {
	s := standIns{make(map[string]*types.Package), constant}
	for _, src := range sources {
		s.addFile(src, needed)
	}
	return s
}

func (s standIns) addFile(src *source, needed map[*ast.GenDecl]bool) {
	used := selections(src, needed)
	if len(used) == 0 {
		return
	}
	for _, imp := range src.file.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err != nil || path == "unsafe" || path == "C" {
			continue
		}
		name := packageName(path, func(n string) bool { return used[n] != nil })
		pkg := s.get(path, name)
		local := pkg.Name()
		if imp.Name != nil {
			local = imp.Name.Name
		}
		for _, sel := range used[local] {
			s.declareIn(pkg, sel)
		}
	}
}

// selection is a qualified name, with the number of its type arguments.
type selection struct {
	name  string
	args  int
	value bool // a constant, and no type
}

// selections are the qualified names in type declarations and needed constants,
// by package name.
func selections(src *source, needed map[*ast.GenDecl]bool) map[string][]selection {
	used := make(map[string][]selection)
	note := func(e ast.Expr, args int, value bool) {
		if sel, ok := e.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				used[x.Name] = append(used[x.Name], selection{sel.Sel.Name, args, value})
			}
		}
	}
	values := func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			note(e, 0, true)
		}
		return true
	}
	for _, d := range src.typeDecls() {
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ArrayType:
				if n.Len != nil { // visited before the selector inside, so it is a value
					ast.Inspect(n.Len, values)
				}
			case *ast.IndexExpr: // and so its type parameters win
				note(n.X, 1, false)
			case *ast.IndexListExpr:
				note(n.X, len(n.Indices), false)
			case *ast.SelectorExpr:
				note(n, 0, false)
			}
			return true
		})
	}
	for d := range needed {
		if src.file.FileStart <= d.Pos() && d.Pos() < src.file.FileEnd {
			ast.Inspect(d, values)
		}
	}
	return used
}

func (s standIns) declareIn(pkg *types.Package, sel selection) {
	if pkg.Scope().Lookup(sel.name) != nil {
		return
	}
	if sel.value {
		if t, v := s.constant(pkg.Path(), sel.name); v != nil {
			pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, sel.name, t, v))
			return
		}
	}
	obj := types.NewTypeName(token.NoPos, pkg, sel.name, nil)
	named := types.NewNamed(obj, shape(pkg.Path(), sel.name), nil)
	var params []*types.TypeParam
	for range sel.args {
		name := types.NewTypeName(token.NoPos, pkg, "T", nil)
		params = append(params, types.NewTypeParam(name, types.Universe.Lookup("any").Type()))
	}
	named.SetTypeParams(params)
	pkg.Scope().Insert(obj)
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// packageName guesses a package's name from its import path: of the words that
// may be it, the first that the file uses, else the last element.
func packageName(path string, used func(string) bool) string {
	elems := strings.Split(path, "/")
	if n := len(elems); n > 1 && majorVersion.MatchString(elems[n-1]) {
		elems = elems[:n-1]
	}
	last := elems[len(elems)-1]
	words := strings.FieldsFunc(last, func(r rune) bool { return r == '-' || r == '.' })
	slices.Reverse(words) // go-uuid and gopkg.in/yaml.v3 alike come out right as v3 is not used
	for _, guess := range append([]string{last, strings.NewReplacer("-", "", ".", "").Replace(last), strings.ReplaceAll(last, "-", "_")}, words...) {
		if used(guess) {
			return guess
		}
	}
	return last
}
