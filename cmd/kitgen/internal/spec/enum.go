package spec

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"slices"
)

// asEnum makes t, a named integer, an enum if its declaration says so.
func (l *loader) asEnum(d declared, b *types.Basic, t *Type) {
	i := slices.IndexFunc(l.typeDirectives(d.decl), func(dir directive) bool { return dir.name == "enum" })
	if i < 0 {
		return
	}
	dir := l.typeDirectives(d.decl)[i]
	if b.Info()&types.IsInteger == 0 {
		l.bad(dir.comment.Pos(), "KG062", "remove the directive, or make it an int", "%s is a %s, and an enum is an integer", t.Name, b)
		return
	}
	t.Elem = &Type{Kind: t.Kind, Go: b.Name()} // what it is made of
	onPointer, text := l.textual(d)
	t.Text = text && !onPointer
	t.Kind, t.PB = EnumT, cmp.Or(l.messageDirective(d.decl), camel(d.named.Obj().Name()))
	if t.PB == l.svc.PB {
		t.PB += "Enum"
	}
	if slices.ContainsFunc(l.svc.Enums, func(e Enum) bool { return e.PB == t.PB && e.Name == t.Name }) {
		return
	}
	e := Enum{Name: t.Name, PB: t.PB, Doc: docLines(d.decl.doc), Pos: l.at(d.decl.spec.Name.Pos()).String(), Values: l.enumValues(d, dir)}
	l.svc.Enums = append(l.svc.Enums, e)
}

// enumValues are the constants of the type, one per number.
func (l *loader) enumValues(d declared, dir directive) (values []EnumValue) {
	name := d.named.Obj().Name()
	seen := make(map[int64]bool)
	for _, c := range d.constants() {
		if c.obj.Type() != types.Type(d.named) {
			continue
		}
		n, exact := constant.Int64Val(constant.ToInt(c.obj.Val()))
		if !exact || n < math.MinInt32 || n > math.MaxInt32 {
			l.bad(dir.comment.Pos(), "KG064", "remove the directive: the type then travels as a number", "%s is %s, and an enum of a .proto has 32 bits", c.obj.Name(), c.obj.Val())
			return nil
		}
		if seen[n] {
			continue // another name for an earlier one
		}
		seen[n] = true
		v := EnumValue{Name: c.obj.Name(), Number: int32(n), Doc: docLines(c.doc), Pos: l.place(c.obj.Pos(), use{at: dir.comment.Pos()})}
		v.Proto = EnumValueName(name, cmp.Or(l.wasConstant(c), v.Name))
		values = append(values, v)
	}
	if !seen[0] {
		l.bad(dir.comment.Pos(), "KG064", "declare one, such as: const "+name+"Unknown "+name+" = 0",
			"%s has no constant that is 0, which is what an enum of a .proto is when nobody set it", name)
	}
	slices.SortStableFunc(values, func(a, b EnumValue) int { return cmp.Compare(min(1, abs(a.Number)), min(1, abs(b.Number))) })
	return values
}

// wasConstant is the name that a constant had, if a directive says so.
func (l *loader) wasConstant(c constDecl) (before string) {
	groups := []*ast.CommentGroup{c.doc, c.spec.Comment}
	for _, dir := range l.directives(atConstant, c.obj.Name(), slices.Compact(groups)...) {
		switch {
		case len(c.spec.Names) > 1:
			l.bad(dir.comment.Pos(), "KG062", "declare each on a line of its own", "//kit:was does not say which of these constants it is about")
		case !ascii(dir.arg) || !token.IsIdentifier(dir.arg):
			l.bad(dir.comment.Pos(), "KG062", "write the name that the constant had, as in //kit:was ColorRed", "%q is no name of a constant", dir.arg)
		default:
			before = dir.arg
		}
	}
	return before
}

func abs(n int32) int64 { return max(int64(n), -int64(n)) }

// constDecl is a constant with its comment.
type constDecl struct {
	obj  *types.Const
	spec *ast.ValueSpec
	doc  *ast.CommentGroup
}

// constants are those of d's package, in source order.
func (d declared) constants() (list []constDecl) {
	for _, s := range d.in.sources {
		for _, g := range s.file.Decls {
			if g, ok := g.(*ast.GenDecl); ok && g.Tok == token.CONST {
				list = append(list, constantsIn(g, d.in.types.pkg.Scope())...)
			}
		}
	}
	return list
}

func constantsIn(g *ast.GenDecl, scope *types.Scope) (list []constDecl) {
	for _, s := range g.Specs {
		spec := s.(*ast.ValueSpec) //nolint:forcetypeassert // a const has no other
		doc := spec.Doc
		if doc == nil && !g.Lparen.IsValid() {
			doc = g.Doc
		}
		if doc == nil {
			doc = spec.Comment
		}
		for _, id := range spec.Names {
			if obj, ok := scope.Lookup(id.Name).(*types.Const); ok {
				list = append(list, constDecl{obj, spec, doc})
			}
		}
	}
	return list
}
