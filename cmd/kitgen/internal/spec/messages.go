package spec

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// messageName is the name of a declared struct's message: what //kit:message
// says, or its own with its type arguments. The gRPC service has the service's
// own name, so a struct like it, as User in service user, is another.
func (l *loader) messageName(d declared) string {
	name := l.givenName(d)
	if name == "" {
		name = camel(d.named.Obj().Name())
	}
	name += l.arguments(d.named)
	if name != l.svc.PB {
		return name
	}
	return l.svc.PB + "Message"
}

// arguments are the type arguments of t as part of a message's name.
func (l *loader) arguments(t *types.Named) string {
	var b strings.Builder
	for arg := range t.TypeArgs().Types() {
		b.WriteString(l.argument(arg))
	}
	return b.String()
}

// argument is a type argument as part of a message's name.
func (l *loader) argument(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return camel(t.Obj().Name()) + l.arguments(t)
	case *types.Basic:
		return exported(t.Name())
	case *types.Slice:
		return "ListOf" + l.argument(t.Elem())
	case *types.Array:
		return "ListOf" + l.argument(t.Elem())
	case *types.Pointer:
		return l.argument(t.Elem())
	case *types.Map:
		return "MapOf" + l.argument(t.Key()) + "To" + l.argument(t.Elem())
	}
	return "Value"
}

// givenName is what //kit:message calls the message: above the type, or above
// an alias of it in the interface's package.
func (l *loader) givenName(d declared) string {
	if name := l.messageDirective(d.decl); name != "" {
		return name
	}
	if d.in == l.own {
		return ""
	}
	for _, alias := range l.decls {
		if !alias.spec.Assign.IsValid() {
			continue
		}
		if named, ok := types.Unalias(l.types.info.TypeOf(alias.spec.Type)).(*types.Named); ok && named.Obj().Pkg() != nil {
			of := named.Obj()
			if of.Pkg().Path() == d.in.path && of.Name() == d.named.Obj().Name() {
				if name := l.messageDirective(alias); name != "" {
					return name
				}
			}
		}
	}
	return ""
}

func (l *loader) messageDirective(d *decl) string {
	if d == nil {
		return ""
	}
	for _, dir := range l.typeDirectives(d) {
		if dir.name != "message" {
			continue
		}
		if !ascii(dir.arg) || !token.IsIdentifier(dir.arg) || camel(dir.arg) != dir.arg {
			l.bad(dir.comment.Pos(), "KG062", "write a name such as Person", "%q is no name that a .proto and its Go code have for a message", dir.arg)
			return ""
		}
		return dir.arg
	}
	return ""
}

// typeDirectives are the directives above a type.
func (l *loader) typeDirectives(d *decl) []directive {
	list, ok := l.typeDirs[d]
	if !ok {
		list = l.directives(atType, d.spec.Name.Name, d.doc, d.spec.Comment)
		l.typeDirs[d] = list
	}
	return list
}

// strayTypes looks at the directives of types that no signature reaches, which
// are typed wrong there as easily.
func (l *loader) strayTypes() {
	for _, d := range l.decls {
		if _, ok := ast.Unparen(d.spec.Type).(*ast.InterfaceType); ok || l.iface(d.spec.Type) != nil {
			continue
		}
		for _, dir := range l.typeDirectives(d) {
			if dir.name == "message" {
				l.messageDirective(d)
			}
		}
	}
}

// nameFunctions gives each struct the stem of its functions' names, which no
// request, response, element of a sequence or other struct has, nor what is
// converted without being one.
func (l *loader) nameFunctions() {
	taken := map[string]bool{"any": true, "time": true}
	for _, m := range l.svc.Methods {
		taken[unexported(m.Name+"Request")], taken[unexported(m.Name+"Response")] = true, true
		taken[unexported(m.Name+"Item")] = m.StreamIn
	}
	for i := range l.svc.Structs {
		s := &l.svc.Structs[i]
		stem := s.Name
		if !token.IsIdentifier(stem) {
			stem = strings.ReplaceAll(s.PB, "_", "")
		}
		stem = unexported(stem)
		for taken[stem] {
			stem += "Message"
		}
		taken[stem], s.Func = true, stem
	}
}

func unexported(name string) string { return strings.ToLower(name[:1]) + name[1:] }
