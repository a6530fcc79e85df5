package spec

import (
	"go/ast"
	"strings"
)

// GeneratedNames are the package-level Go names that generated files declare
// beside the interface for a method. Names of seeded files do not belong here:
// those are the user's.
func GeneratedNames(method string) []string {
	return []string{method + "Request", method + "Response", "Make" + method + "Endpoint"}
}

// GeneratedServiceNames are the package-level Go names that generated files
// declare once for a service.
func GeneratedServiceNames() []string {
	return []string{"Endpoints"}
}

// messageName is the name of a struct's message. The gRPC service has the
// service's own name, so a struct like it, as User in service user, is another.
func (l *loader) messageName(structName string) string {
	if name := camel(structName); name != l.svc.PB {
		return name
	}
	return l.svc.PB + "Message"
}

// collide reports names that would meet in generated code or on the wire.
func (l *loader) collide() {
	l.collideMethods()
	l.collideDeclarations()
	if len(l.found) == 0 {
		l.collideMessages()
	}
}

// collideMethods keeps methods apart in URLs, which are lower case.
func (l *loader) collideMethods() {
	seen := make(map[string]string)
	for _, m := range l.svc.Methods {
		if first, ok := seen[fold(m.Name)]; ok {
			l.badAt(m.Pos, "KG029", "rename one", "method %s is the same name as %s on the wire, where case and _ do not count", m.Name, first)
			continue
		}
		seen[fold(m.Name)] = m.Name
	}
}

// collideDeclarations checks the user's names against those of generated files.
func (l *loader) collideDeclarations() {
	owner := make(map[string]string)
	for _, name := range GeneratedServiceNames() {
		owner[name] = "the service"
	}
	for _, m := range l.svc.Methods {
		for _, name := range GeneratedNames(m.Name) {
			if before, ok := owner[name]; ok {
				l.badAt(m.Pos, "KG029", "rename the method", "generated code would declare %s for method %s and for %s", name, m.Name, before)
			}
			owner[name] = "method " + m.Name
		}
	}
	for _, s := range l.sources {
		for _, id := range s.declared() {
			if o, ok := owner[id.Name]; ok {
				l.bad(id.Pos(), "KG029", renameFix(id.Name, o), "%s is the name that generated code declares for %s", id.Name, o)
			}
		}
	}
}

func renameFix(name, owner string) string {
	method := strings.TrimPrefix(owner, "method ")
	switch name {
	case method + "Request":
		return "rename it, for example to " + method + "Input, or write its fields as parameters of " + method
	case method + "Response":
		return "rename it, for example to " + method + "Output, or write its fields as results of " + method
	}
	return "rename it"
}

// declared are the package-level names of a file.
func (s *source) declared() []*ast.Ident {
	var ids []*ast.Ident
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				ids = append(ids, d.Name)
			}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					ids = append(ids, sp.Name)
				case *ast.ValueSpec:
					ids = append(ids, sp.Names...)
				}
			}
		}
	}
	return ids
}

// collideMessages checks the names in the .proto and its Go package.
func (l *loader) collideMessages() {
	pb := l.svc.PB
	owner := map[string]string{}
	for _, name := range []string{pb + "Client", pb + "Server", "Unimplemented" + pb + "Server", "Unsafe" + pb + "Server"} {
		owner[fold(name)] = "the gRPC code of the service"
	}
	for _, m := range l.svc.Methods {
		for _, name := range []string{m.PB + "Request", m.PB + "Response"} {
			if before, ok := owner[fold(name)]; ok {
				l.badAt(m.Pos, "KG037", "rename the method", "message %s of method %s is also the name of %s", name, m.Name, before)
			}
			owner[fold(name)] = "a message of method " + m.Name
		}
	}
	for _, s := range l.svc.Structs {
		if before, ok := owner[fold(s.PB)]; ok {
			l.badAt(s.Pos, "KG037", "rename struct "+s.Name, "message %s of struct %s is also the name of %s, where case and _ do not count", s.PB, s.Name, before)
		}
		owner[fold(s.PB)] = "struct " + s.Name
	}
}
