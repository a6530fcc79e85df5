package spec

import (
	"go/ast"
	"go/token"
)

// decl is a type declared at package level.
type decl struct {
	src  *source
	spec *ast.TypeSpec
	doc  *ast.CommentGroup
}

// declare indexes the type declarations by name, in place of an AST walk for
// each question.
func (l *loader) declare() {
	l.decls = make(map[string]*decl)
	l.fields = make(map[token.Pos]*ast.Field)
	for _, src := range l.sources {
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
				l.decls[ts.Name.Name] = &decl{src, ts, doc}
				l.indexFields(ts)
			}
		}
	}
}

// indexFields also gives every array the length 1: the constant it may be
// computed from is not type-checked, and arrays are refused anyway.
func (l *loader) indexFields(ts *ast.TypeSpec) {
	ast.Inspect(ts, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ArrayType:
			if n.Len != nil {
				n.Len = &ast.BasicLit{ValuePos: n.Len.Pos(), Kind: token.INT, Value: "1"}
			}
		case *ast.StructType:
			for _, f := range n.Fields.List {
				for _, name := range f.Names {
					l.fields[name.Pos()] = f
				}
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
