package spec

import (
	"go/ast"
	"go/token"
	"go/types"
)

// decl is a type declared at package level.
type decl struct {
	src  *source
	spec *ast.TypeSpec
	doc  *ast.CommentGroup
}

// declare indexes the package's own declarations.
func (l *loader) declare() {
	l.fields = make(map[token.Pos]*ast.Field)
	l.typeDirs = make(map[*decl][]directive)
	l.applied = make(map[*ast.Comment]bool)
	l.depth = make(map[*types.TypeName]int)
	l.packs = make(map[string]*pack)
	l.decls = l.index(l.sources)
}

// index finds type declarations by name, and the fields of struct types by
// position, in place of an AST walk for each question.
func (l *loader) index(sources []*source) map[string]*decl {
	decls := make(map[string]*decl)
	for _, src := range sources {
		for _, d := range src.typeDecls() {
			for _, s := range d.Specs {
				ts, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				doc := ts.Doc
				if doc == nil && !d.Lparen.IsValid() {
					doc = d.Doc
				}
				decls[ts.Name.Name] = &decl{src, ts, doc}
				l.indexFields(ts)
			}
		}
	}
	return decls
}

func (l *loader) indexFields(ts *ast.TypeSpec) {
	ast.Inspect(ts, func(n ast.Node) bool {
		st, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range st.Fields.List {
			for _, name := range f.Names {
				l.fields[name.Pos()] = f
			}
		}
		return true
	})
}

func (s *source) typeDecls() []*ast.GenDecl {
	var list []*ast.GenDecl
	for _, d := range s.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			list = append(list, g)
		}
	}
	return list
}

// iface is the interface type that a type expression denotes within the
// package, or nil.
func (l *loader) iface(e ast.Expr) *ast.InterfaceType {
	for range len(l.decls) + 1 { // longer chains are cycles
		switch x := ast.Unparen(e).(type) {
		case *ast.InterfaceType:
			return x
		case *ast.Ident:
			d, ok := l.decls[x.Name]
			if !ok {
				return nil
			}
			e = d.spec.Type
		default:
			return nil
		}
	}
	return nil
}
