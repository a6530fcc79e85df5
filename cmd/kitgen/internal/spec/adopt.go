package spec

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// adopt takes the names that the interface has on the gRPC wire from what was
// there before it: //kit:proto package=math.v2 service=Adder.
func (l *loader) adopt(d *decl) {
	for _, dir := range l.directives(atInterface, d.spec.Name.Name, d.doc) {
		for key, value := range l.pairs(dir, "package=math.v1 service=Adder") {
			switch {
			case key == "package" && protoPackage.MatchString(value):
				l.svc.ProtoPackage = value
			case key == "service" && value == camel(value) && protoPackage.MatchString(value) && !strings.Contains(value, "."):
				l.svc.PB = value
			case key == "package" || key == "service":
				l.bad(dir.comment.Pos(), "KG062", "write //kit:proto package=math.v1 service=Adder", "%q is no name of a %s that kitgen can write into a .proto", value, key)
			default:
				l.bad(dir.comment.Pos(), "KG062", "write //kit:proto package=math.v1 service=Adder", "an interface has a package and a service in the .proto, but no %q", key)
			}
		}
	}
}

var protoPackage = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// takeMessage takes the name of a method's message out of pairs. Names of
// messages start with a capital and those of fields do not, so that a
// parameter may be called request.
func takeMessage(m *Message, pairs map[string]string, key string) {
	first, _ := utf8.DecodeRuneInString(pairs[key])
	if unicode.IsUpper(first) && ascii(pairs[key]) {
		m.PB = camel(pairs[key])
		delete(pairs, key)
	}
}

// whole reports whether fields are one struct that is the message itself.
func whole(fields []Field, m Message) bool {
	return len(fields) == 1 && fields[0].Type.Kind == StructT && fields[0].Type.PB == m.PB
}

// ownMessages are those that are made of the method's parameters and results.
func (m *Method) ownMessages() (names []string) {
	for _, msg := range []Message{m.In, m.Out} {
		if !msg.Whole {
			names = append(names, msg.PB)
		}
	}
	return names
}
