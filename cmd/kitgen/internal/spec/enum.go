package spec

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"slices"
	"strings"
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
	prefix := strings.ToUpper(snake(name)) + "_"
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
		word := strings.TrimPrefix(snake(c.obj.Name()), snake(name)+"_")
		values = append(values, EnumValue{Name: c.obj.Name(), Proto: prefix + strings.ToUpper(word), Number: int32(n), Doc: docLines(c.doc)})
	}
	if !seen[0] {
		l.bad(dir.comment.Pos(), "KG064", "declare one, such as: const "+name+"Unknown "+name+" = 0",
			"%s has no constant that is 0, which is what an enum of a .proto is when nobody set it", name)
	}
	slices.SortStableFunc(values, func(a, b EnumValue) int { return cmp.Compare(min(1, abs(a.Number)), min(1, abs(b.Number))) })
	return values
}

func abs(n int32) int64 { return max(int64(n), -int64(n)) }

// constDecl is a constant with its comment.
type constDecl struct {
	obj *types.Const
	doc *ast.CommentGroup
}

// constants are those of d's package, in source order.
func (d declared) constants() (list []constDecl) {
	for _, s := range d.in.sources {
		for _, spec := range s.constSpecs() {
			for _, id := range spec.Names {
				obj, ok := d.in.types.pkg.Scope().Lookup(id.Name).(*types.Const)
				if !ok {
					continue
				}
				doc := spec.Doc
				if doc == nil {
					doc = spec.Comment
				}
				list = append(list, constDecl{obj, doc})
			}
		}
	}
	return list
}

func (s *source) constSpecs() (list []*ast.ValueSpec) {
	for _, d := range s.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			for _, spec := range g.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					list = append(list, v)
				}
			}
		}
	}
	return list
}
