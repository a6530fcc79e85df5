package spec

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// neededConstants are the declarations of constants that types are made of:
// those in the lengths of arrays, those of enums, and what these are made of;
// and others by name.
func neededConstants(sources []*source, decls map[string]*decl, others ...string) map[*ast.GenDecl]bool {
	wanted := make(map[string]bool)
	for _, name := range others {
		wanted[name] = true
	}
	for name, d := range decls {
		if isEnum(d) {
			wanted[name] = true
		}
		ast.Inspect(d.spec.Type, func(n ast.Node) bool {
			if a, ok := n.(*ast.ArrayType); ok && a.Len != nil {
				identifiers(a.Len, wanted)
			}
			return true
		})
	}
	needed := make(map[*ast.GenDecl]bool)
	if len(wanted) == 0 {
		return needed
	}
	all := constDecls(sources)
	for again := true; again; {
		again = false
		for _, g := range all {
			if !needed[g] && anyWanted(g, wanted) {
				needed[g], again = true, true
				identifiers(g, wanted)
			}
		}
	}
	return needed
}

func isEnum(d *decl) bool {
	for _, g := range []*ast.CommentGroup{d.doc, d.spec.Comment} {
		if g != nil && slices.ContainsFunc(g.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//kit:enum") }) {
			return true
		}
	}
	return false
}

func constDecls(sources []*source) (list []*ast.GenDecl) {
	for _, s := range sources {
		for _, d := range s.file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				list = append(list, g)
			}
		}
	}
	return list
}

func identifiers(n ast.Node, into map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			into[id.Name] = true
		}
		return true
	})
}

// anyWanted reports whether g declares a wanted constant, or one of a wanted
// type.
func anyWanted(g *ast.GenDecl, wanted map[string]bool) bool {
	for _, spec := range g.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if id, ok := v.Type.(*ast.Ident); ok && wanted[id.Name] || slices.ContainsFunc(v.Names, func(id *ast.Ident) bool { return wanted[id.Name] }) {
			return true
		}
		for _, e := range v.Values {
			if call, ok := e.(*ast.CallExpr); ok { // Color(iota)
				if id, ok := call.Fun.(*ast.Ident); ok && wanted[id.Name] {
					return true
				}
			}
		}
	}
	return false
}

// constant is the value of another package's constant; nil if that cannot be
// read.
func (l *loader) constant(path, name string) (types.Type, constant.Value) {
	p, err := l.packAt(path)
	if err != nil {
		return nil, nil
	}
	// The package was checked without those that its own types do not need.
	checked := l.typeCheck(path, p.sources, p.decls, name)
	c, ok := checked.pkg.Scope().Lookup(name).(*types.Const)
	if !ok {
		return nil, nil
	}
	if b, ok := c.Type().Underlying().(*types.Basic); ok {
		return b, c.Val()
	}
	return types.Typ[types.UntypedInt], c.Val()
}
