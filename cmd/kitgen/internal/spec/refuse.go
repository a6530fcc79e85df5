package spec

import (
	"errors"
	"go/types"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/gosrc"
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
		l.badUse(u, "KG030", "write "+sequenceOf(t.Elem(), l), "%s: a channel says neither why it ended nor that nobody reads on", what)
	case *types.Signature:
		l.badUse(u, "KG030", "pass data instead", "%s: a function does not travel", what)
	case *types.Interface:
		if t.Empty() {
			l.badUse(u, "KG032", "use a struct, or mark it //kit:any to send what JSON makes of it", "%s: any does not tell the other side what to decode", what)
			return
		}
		l.badUse(u, "KG030", "use a struct that has what the call needs", "%s: an interface does not travel", what)
	default:
		l.badUse(u, "KG030", "use a struct, a list, a map or a basic type", "%s does not travel", what)
	}
}

// refuseNamed reports types that are refused for what they are, not for their
// shape.
func (l *loader) refuseNamed(t *types.Named, u use, what string) bool {
	obj := t.Obj()
	switch {
	case obj.Pkg() == nil && obj.Name() == "error" && strings.HasPrefix(u.what, "parameter"):
		l.badUse(u, "KG026", "pass a code or a message, as string or struct", "%s: an error as an argument does not travel", what)
	case obj.Pkg() == nil && obj.Name() == "error":
		l.badUse(u, "KG030", "use a string, or return the error", "%s: an error does not travel inside data", what)
	case obj.Pkg() != nil && obj.Pkg().Path() == "context":
		l.badUse(u, "KG030", "pass what the call needs as data", "%s: a context does not travel inside data", what)
	default:
		return false
	}
	return true
}

// refuseKnown reports types of the standard library that travel on no wire as
// what they are, and says whether t is one.
func (l *loader) refuseKnown(t *types.Named, u use) bool {
	switch path, name := t.Obj().Pkg().Path(), t.Obj().Name(); {
	case path == "context":
		l.refuse(t, u)
	case path == "iter":
		l.badUse(u, "KG040", "use a list there, or a method of its own", "%s: a sequence travels as the last parameter or as the only result, and nowhere else", l.describeUse(u))
	case path == "sync", path == "sync/atomic":
		l.badUse(u, "KG030", "pass what it guards", "%s: %s.%s must not be copied, and what travels is", l.describeUse(u), path, name)
	case path == "net/url" && name == "URL":
		l.badUse(u, "KG035", "use string, and url.Parse", "%s: JSON writes a URL as the struct that it is, without its user", l.describeUse(u))
	case l.svc.Module != "" && path == l.svc.Module+"/api/"+l.svc.Name+"/v1":
		l.badUse(u, "KG017", "declare a struct beside the interface, from which kitgen makes the message", "%s: %s is made from this interface, which cannot be made from it", l.describeUse(u), name)
	default:
		return false
	}
	return true
}

// refuseForeign reports types of other packages that generated code cannot
// name, or should not copy.
func (l *loader) refuseForeign(d declared, u use) bool {
	if d.in == l.own {
		return false
	}
	what, name := l.describeUse(u), d.named.Obj().Name()
	_, isMessage := d.in.method(name, "ProtoReflect")
	switch {
	case isMessage:
		l.badUse(u, "KG035", "declare a struct with the fields that shall travel, and convert", "%s: %s is a protobuf message, which JSON does not write as one", what, name)
	case !d.named.Obj().Exported(), !importable(d.in.path, l.svc.Module):
		l.badUse(u, "KG035", "declare a type of your own beside the interface, and convert", "%s: %s of package %s cannot be named outside of it", what, name, d.in.path)
	default:
		return false
	}
	return true
}

// importable reports whether a package may be imported from the one at from:
// internal ones may below their parent only.
func importable(importPath, from string) bool {
	parent, _, found := strings.Cut("/"+importPath+"/", "/internal/")
	parent = strings.TrimPrefix(parent, "/")
	return !found || parent != "" && (from == parent || strings.HasPrefix(from, parent+"/"))
}

// badUse reports a type where it is used. What is wrong with a struct of
// another package cannot be mended there.
func (l *loader) badUse(u use, code, fix, format string, args ...any) {
	if u.foreign {
		fix = "declare a type of your own beside the interface, with the fields that shall travel, and convert"
	}
	l.bad(u.at, code, fix, format, args...)
}

// unread reports a type of another package whose declaration was not found.
func (l *loader) unread(u use, err error) {
	why, mend := err.Error(), ""
	if m, ok := errors.AsType[*gosrc.Missing](err); ok {
		why, mend = m.Why, m.Mend+", or "
	}
	l.bad(u.at, "KG035", mend+"declare a type of your own beside the interface, with the fields that shall travel, and convert", "%s: %s", l.describeUse(u), why)
}

// describeUse is "parameter c of Add is chan int".
func (l *loader) describeUse(u use) string {
	if u.node == nil {
		return u.what
	}
	return u.what + " is " + l.text(u.node)
}
