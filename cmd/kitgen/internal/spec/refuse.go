package spec

import (
	"go/types"
	"strings"
)

// refuse reports a type that has no place on the wire.
func (l *loader) refuse(t types.Type, u use) {
	what := l.describeUse(u)
	if named, ok := t.(*types.Named); ok {
		if l.refuseNamed(named, u, what) {
			return
		}
		t = named.Underlying()
	}
	switch t := t.(type) {
	case *types.Chan:
		l.bad(u.at, "KG030", "write "+sequenceOf(t.Elem(), l), "%s: a channel says neither why it ended nor that nobody reads on", what)
	case *types.Signature:
		l.bad(u.at, "KG030", "pass data instead", "%s: a function does not travel", what)
	case *types.Array:
		elem := types.TypeString(t.Elem(), l.qualify)
		l.bad(u.at, "KG038", "use []"+elem, "%s: a .proto has no list of fixed length", what)
	case *types.Struct:
		fix := "declare it as a type with a name"
		if t.NumFields() == 0 {
			fix = "use a list for a set, or do without it"
		}
		l.bad(u.at, "KG038", fix, "%s: a struct without a name gives the message none", what)
	case *types.Interface:
		if t.Empty() {
			l.bad(u.at, "KG032", "use a struct, or []byte for data that only the caller understands", "%s: any does not tell the other side what to decode", what)
			return
		}
		l.bad(u.at, "KG030", "use a struct that has what the call needs", "%s: an interface does not travel", what)
	default:
		l.bad(u.at, "KG030", "use a struct, a list, a map or a basic type", "%s does not travel", what)
	}
}

// refuseNamed reports types that are refused for what they are, not for their
// shape.
func (l *loader) refuseNamed(t *types.Named, u use, what string) bool {
	obj := t.Obj()
	switch {
	case obj.Pkg() == nil && obj.Name() == "error" && strings.HasPrefix(u.what, "parameter"):
		l.bad(u.at, "KG026", "pass a code or a message, as string or struct", "%s: an error as an argument does not travel", what)
	case obj.Pkg() == nil && obj.Name() == "error":
		l.bad(u.at, "KG030", "use a string, or return the error", "%s: an error does not travel inside data", what)
	case obj.Pkg() != nil && obj.Pkg().Path() == "context":
		l.bad(u.at, "KG030", "pass what the call needs as data", "%s: a context does not travel inside data", what)
	case t.Underlying() == foreign:
		l.bad(u.at, "KG035", "declare it with the fields that shall travel, and convert",
			"%s: %s is made of a type of another package, which kitgen does not read", what, obj.Name())
	default:
		return false
	}
	return true
}

// describeUse is "parameter c of Add is chan int".
func (l *loader) describeUse(u use) string {
	if u.node == nil {
		return u.what
	}
	return u.what + " is " + l.text(u.node)
}
