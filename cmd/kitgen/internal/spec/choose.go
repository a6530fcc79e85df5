package spec

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// choose finds the interface, or reports why there is none to take.
func (l *loader) choose() *decl {
	if name := l.opt.Interface; name != "" {
		return l.named(name)
	}
	all := l.interfaces()
	plain := slices.DeleteFunc(slices.Clone(all), func(d *decl) bool { return d.spec.TypeParams != nil || l.constraint(d) })
	switch {
	case len(plain) == 1:
		return plain[0]
	case len(plain) > 1:
		return l.preferred(plain)
	case len(all) > 0:
		return all[0] // and its problem is reported where it is described
	}
	fix := "declare one, such as: type Service interface { Greet(ctx context.Context, name string) (greeting string, err error) }"
	if hidden := l.unexported(); len(hidden) > 0 {
		fix = "export " + hidden[0] + ", or name it with --interface " + hidden[0]
	}
	l.bad(l.sources[0].file.Name.Pos(), "KG018", fix, "package %s has no exported interface%s", l.svc.Package, l.notRead())
	return nil
}

// preferred tells the service's interface from others, such as those of its
// dependencies.
func (l *loader) preferred(plain []*decl) *decl {
	for _, want := range []string{"Service", l.svc.Name, l.svc.Package} {
		for _, d := range plain {
			if strings.EqualFold(d.spec.Name.Name, want) {
				return d
			}
		}
	}
	l.bad(plain[1].spec.Name.Pos(), "KG018", "name the one to generate from Service, or choose it with --interface "+plain[0].spec.Name.Name,
		"package %s has several exported interfaces: %s", l.svc.Package, list(names(plain)))
	return nil
}

// named is the interface the user asked for.
func (l *loader) named(name string) *decl {
	d, ok := l.decls[name]
	switch {
	case !ok:
		fix := "declare it"
		if all := names(l.interfaces()); len(all) > 0 {
			fix = "choose one of: " + list(all)
		}
		l.bad(l.sources[0].file.Name.Pos(), "KG018", fix, "package %s has no interface %s%s", l.svc.Package, name, l.notRead())
		return nil
	case l.iface(d.spec.Type) == nil:
		l.bad(d.spec.Name.Pos(), "KG018", "choose an interface that is declared in this package", "%s is no interface of this package", name)
		return nil
	}
	return d
}

// interfaces are the exported ones, in source order.
func (l *loader) interfaces() []*decl {
	return l.interfacesThat(token.IsExported)
}

func (l *loader) unexported() []string {
	return names(l.interfacesThat(func(name string) bool { return !token.IsExported(name) }))
}

func (l *loader) interfacesThat(match func(string) bool) []*decl {
	var found []*decl
	for _, d := range l.decls {
		if match(d.spec.Name.Name) && l.iface(d.spec.Type) != nil {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b *decl) int { return int(a.spec.Pos() - b.spec.Pos()) })
	return found
}

// constraint reports whether an interface is a set of types, which only type
// parameters can use.
func (l *loader) constraint(d *decl) bool {
	obj := l.types.pkg.Scope().Lookup(d.spec.Name.Name)
	if obj == nil {
		return false
	}
	i, ok := obj.Type().Underlying().(*types.Interface)
	return ok && !i.IsMethodSet()
}

func names(decls []*decl) []string {
	var list []string
	for _, d := range decls {
		list = append(list, d.spec.Name.Name)
	}
	return list
}

func list(names []string) string { return strings.Join(names, ", ") }

// describe fills in the service from its interface.
func (l *loader) describe() {
	d := l.choose()
	if d == nil {
		return
	}
	name := d.spec.Name
	l.svc.File, l.svc.Interface = d.src.name, name.Name
	l.svc.Doc = docLines(d.doc)
	l.structs = make(map[string]string)
	if d.spec.TypeParams != nil {
		l.bad(d.spec.TypeParams.Pos(), "KG012", "write the interface for the types it is called with", "%s is generic, and a remote caller cannot choose type arguments", name.Name)
		return
	}
	if l.constraint(d) {
		l.bad(name.Pos(), "KG013", "list methods instead of types", "%s is a set of types; a service is a set of methods", name.Name)
		return
	}
	l.adopt(d)
	l.describeMethods(l.iface(d.spec.Type), name.Name, make(map[*ast.InterfaceType]bool))
	l.typeErrors(d.spec)
	l.strayDirectives(d)
	if len(l.svc.Methods) == 0 && len(l.found) == 0 {
		l.bad(name.Pos(), "KG011", "add one, such as Greet(ctx context.Context, name string) (greeting string, err error)", "%s has no methods, so there is nothing to call", name.Name)
	}
}

// describeMethods goes through an interface in source order, and into the
// interfaces of this package it embeds.
func (l *loader) describeMethods(i *ast.InterfaceType, name string, seen map[*ast.InterfaceType]bool) {
	if seen[i] {
		return
	}
	seen[i] = true
	for _, f := range i.Methods.List {
		if sig, ok := f.Type.(*ast.FuncType); ok && len(f.Names) == 1 {
			l.describeMethod(f, sig)
			continue
		}
		if l.unserved(f) {
			continue
		}
		if inner := l.iface(f.Type); inner != nil {
			l.describeMethods(inner, name, seen)
			l.typeErrors(inner)
			continue
		}
		l.bad(f.Type.Pos(), "KG020", "list its methods here, each as Name(ctx context.Context, ...) (..., error), or mark it //kit:skip to serve the others only",
			"%s embeds %s, which is no interface of this package with methods that take a context", name, l.text(f.Type))
	}
}

// unserved reports whether an embedded interface is for callers in the same
// process only.
func (l *loader) unserved(f *ast.Field) bool {
	list := l.directives(atEmbedded, l.text(f.Type), f.Doc, f.Comment)
	if !has(list, "skip") {
		return false
	}
	if arg := list[0].arg; arg != "" {
		l.bad(list[0].comment.Pos(), "KG062", "write //kit:skip", "%q says more than that %s is not served", arg, l.text(f.Type))
	}
	l.svc.Unserved = append(l.svc.Unserved, l.spell(l.typeOf(f.Type)))
	return true
}
