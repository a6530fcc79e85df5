package spec

import (
	"go/ast"
	"slices"
	"strings"
	"unicode"
)

// collide reports names that would meet in generated code or on the wire.
func (l *loader) collide() {
	if l.svc.Interface == "" {
		return // there was none to describe
	}
	l.nameFunctions()
	l.collideMethods()
	l.collideValues()
	l.collideDeclarations()
	if len(l.found) == 0 {
		l.collideMessages()
	}
}

// collideMethods keeps methods apart in URLs, which are lower case, and from
// what else a client has.
func (l *loader) collideMethods() {
	seen := make(map[string]string)
	for _, m := range l.svc.Methods {
		if first, ok := seen[fold(m.Name)]; ok {
			l.badAt(m.Pos, "KG029", "rename one", "method %s is the same name as %s on the wire, where case and _ do not count", m.Name, first)
			continue
		}
		seen[fold(m.Name)] = m.Name
		if slices.Contains(strings.Fields(memberNames), m.Name) {
			l.badAt(m.Pos, "KG029", "rename the method, for example to "+m.Name+l.svc.PB, "method %s would hide what generated clients have under that name", m.Name)
		}
	}
}

// collideValues keeps parameters and results from hiding what the generated
// method that has them needs.
func (l *loader) collideValues() {
	for _, m := range l.svc.Methods {
		hidden := []string{"nil", "callEndpoint", m.Name + "Request", m.Name + "Response"}
		if m.StreamOut {
			hidden = append(hidden, "transport", "declared")
		}
		for _, f := range slices.Concat(m.Params, m.Results) {
			if slices.Contains(hidden, f.Name) {
				l.badAt(f.Pos, "KG029", "rename it", "%s of %s would hide what the generated %s needs under that name", f.Name, m.Name, m.Name)
			}
		}
	}
}

// collideDeclarations checks the user's names against those of generated files.
func (l *loader) collideDeclarations() {
	generated := generatedNames(l.svc)
	for _, s := range l.sources {
		for _, id := range s.declared() {
			if what, ok := generated[id.Name]; ok {
				l.bad(id.Pos(), "KG029", l.renameFix(id.Name), "%s is %s", id.Name, what)
			}
		}
	}
}

func (l *loader) renameFix(name string) string {
	for _, m := range l.svc.Methods {
		switch name {
		case m.Name + "Request":
			return "rename it, for example to " + m.Name + "Input, or write its fields as parameters of " + m.Name
		case m.Name + "Response":
			return "rename it, for example to " + m.Name + "Output, or write its fields as results of " + m.Name
		}
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
		for _, name := range m.ownMessages() {
			if before, ok := owner[fold(name)]; ok {
				l.badAt(m.Pos, "KG037", "rename the method", "message %s of method %s is also the name of %s", name, m.Name, before)
			}
			owner[fold(name)] = "a message of method " + m.Name
		}
	}
	l.collideRPCs()
	l.collideConstants()
	claim := func(pos, name, what, fix string) {
		if before, ok := owner[fold(name)]; ok {
			l.badAt(pos, "KG037", fix, "message %s of %s is also the name of %s, where case and _ do not count", name, what, before)
		}
		owner[fold(name)] = what
	}
	for _, s := range l.svc.Structs {
		claim(s.Pos, s.PB, "struct "+s.Name, l.renameMessage(s.Name, s.PB))
	}
	for _, e := range l.svc.Enums {
		claim(e.Pos, e.PB, "enum "+e.Name, l.renameMessage(e.Name, e.PB))
	}
	for _, w := range l.svc.Wrappers {
		if before, ok := owner[fold(w.PB)]; ok {
			l.badAt(l.messagePos(w.PB), "KG037", "put //kit:message "+w.PB+"Message above it",
				"%s has the name of the message that kitgen makes for lists and maps in others: %s", before, w.PB)
		}
	}
	for _, m := range l.svc.Methods {
		l.collideEntries("the request of "+m.Name, m.Params)
		l.collideEntries("the response of "+m.Name, m.Results)
	}
	for _, s := range l.svc.Structs {
		l.collideEntries(s.Name, s.Fields)
	}
}

// collideRPCs keeps messages from being called like a method, which is what the name
// would mean inside the service of the .proto.
func (l *loader) collideRPCs() {
	methods := make(map[string]string)
	for _, m := range l.svc.Methods {
		methods[m.PB] = m.Name
	}
	for _, m := range l.svc.Methods {
		for _, name := range []string{m.In.PB, m.Out.PB} {
			if other, ok := methods[name]; ok {
				l.badAt(m.Pos, "KG037", "give the message another name by //kit:proto", "message %s of method %s is also the name of method %s in the .proto", name, m.Name, other)
			}
		}
	}
}

// collideConstants checks the values of enums, which in a .proto are all beside
// each other. Within one, code of other languages calls them what canonical says.
func (l *loader) collideConstants() {
	seen := make(map[string]string)
	for _, e := range l.svc.Enums {
		within := make(map[string]EnumValue)
		for _, v := range e.Values {
			short := canonical(e.PB, v.Proto)
			first, alike := within[short]
			switch beside, taken := seen[v.Proto]; {
			case taken:
				l.badAt(v.Pos, "KG037", "rename one", "constants %s and %s are both %s in the .proto, where the values of all enums are beside each other", beside, v.Name, v.Proto)
			case alike:
				l.badAt(v.Pos, "KG037", "rename one", "constants %s and %s are %s and %s in the .proto, and both %s in the code that some languages make of it",
					first.Name, v.Name, first.Proto, v.Proto, short)
			}
			seen[v.Proto], within[short] = v.Name, v
		}
	}
}

// canonical is a value of an enum without what it has of the enum's name, in camel
// case: what protobuf wants two values of an enum to differ in.
func canonical(enum, value string) string {
	var b strings.Builder
	start := true
	for _, r := range withoutPrefix(value, fold(enum)) {
		switch {
		case r == '_':
			start = true
		case start:
			b.WriteRune(unicode.ToUpper(r))
			start = false
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// withoutPrefix is value behind folded, in which case and _ do not count; all of it
// if nothing would be left.
func withoutPrefix(value, folded string) string {
	for i := range value {
		if rest := strings.TrimLeft(value[i:], "_"); fold(value[:i]) == folded && rest != "" {
			return rest
		}
	}
	return value
}

// collideEntries checks the messages in another, fields of which are given, against
// those that a .proto makes within it: TagsEntry for what is in a map called tags.
func (l *loader) collideEntries(within string, fields []Field) {
	maps := make(map[string]string)
	for _, f := range fields {
		if f.Type.Kind == Map {
			maps[entryName(f.Proto)] = f.Name
		}
	}
	for _, f := range fields {
		for t := range f.Type.parts() {
			if of, ok := maps[t.PB]; ok {
				l.badAt(f.Pos, "KG037", l.renameMessage(t.Name, t.PB), "message %s is also the name of what is in map %s of %s, which has both", t.PB, of, within)
			}
		}
	}
}

// entryName is what protobuf calls the entries of a map.
func entryName(field string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(field, "_") {
		b.WriteString(strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):])
	}
	return b.String() + "Entry"
}

// renameMessage is the mend of a message's name that another one has.
func (l *loader) renameMessage(goName, pb string) string {
	if pkg, name, ok := strings.Cut(goName, "."); ok {
		other := exported(pkg) + name
		return "give it another name: //kit:message " + other + " above type " + other + " = " + goName
	}
	return "rename it, or put //kit:message Other" + pb + " above it"
}

// messagePos is where the struct of a message is.
func (l *loader) messagePos(pb string) string {
	for _, s := range l.svc.Structs {
		if fold(s.PB) == fold(pb) {
			return s.Pos
		}
	}
	for _, e := range l.svc.Enums {
		if fold(e.PB) == fold(pb) {
			return e.Pos
		}
	}
	return l.svc.Methods[0].Pos
}
