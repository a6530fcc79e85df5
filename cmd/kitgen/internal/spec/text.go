package spec

import "go/types"

// textual reports whether the type of d is text to encoding/json: it has
// MarshalText and UnmarshalText. onPointer says that the first is declared on
// the pointer, so that a mere value of the type is none.
func (l *loader) textual(d declared) (onPointer, ok bool) {
	name := d.named.Obj().Name()
	onPointer, marshals := d.in.method(name, "MarshalText")
	_, unmarshals := d.in.method(name, "UnmarshalText")
	return onPointer, marshals && unmarshals
}

// convertText is a type that is text on both wires.
func (l *loader) convertText(out *Type, onPointer bool, u use) *Type {
	if onPointer && !u.pointer {
		l.badUse(u, "KG030", "use *"+out.Go, "%s: MarshalText of %s is declared on the pointer, so encoding/json does not see it on a value", l.describeUse(u), out.Go)
		return nil
	}
	out.Kind = Text
	return out
}

// ownJSON is what encoding/json makes of the type of d, which has a say in it: "any"
// if only its methods know; empty if it has none.
func (l *loader) ownJSON(d declared) string {
	name := d.named.Obj().Name()
	if known, ok := knownJSON[d.in.path+"."+name]; ok {
		return known
	}
	has := func(method string) bool { _, ok := d.in.method(name, method); return ok }
	onPointer, text := l.textual(d)
	if has("MarshalJSON") || has("UnmarshalJSON") || !text && (has("MarshalText") || has("UnmarshalText")) {
		return "any"
	}
	if _, number := d.under.(*types.Basic); text && onPointer && number {
		return "any" // it depends on where a value of it is
	}
	return ""
}

// knownJSON are types of the standard library whose say in it is documented.
var knownJSON = map[string]string{
	"encoding/json.Number": "number",
	"log/slog.Level":       "string",
	"math/big.Int":         "integer",
}

// ownFormat reports whether a struct that embeds t would be encoded as t alone,
// by the methods that it promotes.
func (l *loader) ownFormat(t *types.Named) bool {
	if isTime(t, "Time") {
		return true
	}
	d, err := l.resolve(t)
	if err != nil || d.named == nil {
		return false
	}
	for _, method := range []string{"MarshalText", "MarshalJSON"} {
		if _, ok := d.in.method(t.Obj().Name(), method); ok {
			return true
		}
	}
	return false
}

func isTime(t *types.Named, name string) bool {
	obj := t.Obj()
	return obj.Pkg() != nil && obj.Pkg().Path() == "time" && obj.Name() == name
}
