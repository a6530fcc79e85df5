package spec

import "slices"

// element is t as an element of a list or a map, in a message of its own if a
// .proto cannot repeat it.
func (l *loader) element(t *Type, u use) *Type {
	var f Field
	switch {
	case t.Kind == Map:
		f = Field{Name: "entries", PB: "Entries"}
	case t.Kind == Slice, t.Kind == Set, t.Kind == Array && !t.IsBytes():
		f = Field{Name: "items", PB: "Items"}
	case t.Optional():
		f = Field{Name: "value", PB: "Value"}
	default:
		return t
	}
	inner, outer := *t, *t
	f.Go, f.JSON, f.Proto, f.Type, f.Pos = f.PB, f.Name, f.Name, &inner, l.at(u.at).String()
	outer.Wrap = t.word()
	if !slices.ContainsFunc(l.svc.Wrappers, func(w Wrapper) bool { return w.PB == outer.Wrap }) {
		l.svc.Wrappers = append(l.svc.Wrappers, Wrapper{outer.Wrap, f})
	}
	return &outer
}

// words are what the names of wrappers call the scalars: as the .proto does,
// whose types are what must not change.
var words = map[Kind]string{
	Bool: "Bool", String: "String", Text: "String", Bytes: "Bytes",
	Int: "Int64", Int8: "Int32", Int16: "Int32", Int32: "Int32", Int64: "Int64",
	Uint: "Uint64", Uint8: "Uint32", Uint16: "Uint32", Uint32: "Uint32", Uint64: "Uint64",
	Float32: "Float", Float64: "Double", Time: "Timestamp", Duration: "Duration", Any: "Value",
}

// word is t as part of a message's name.
func (t *Type) word() string {
	switch {
	case t.Kind == StructT, t.Kind == EnumT:
		return t.PB
	case t.IsBytes():
		return "Bytes"
	case t.Kind == Slice, t.Kind == Set, t.Kind == Array:
		return "ListOf" + t.Elem.word()
	case t.Kind == Map:
		return "MapOf" + t.Key.word() + "To" + t.Elem.word()
	case t.Optional():
		return "Optional" + t.Elem.word()
	case t.Kind == Pointer:
		return t.Elem.word()
	}
	return words[t.Kind]
}
