package protogen

import (
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// settle is the type that a field gets whose type was another, perhaps, when
// the .proto was committed; a type that peers with the old code would misread
// is refused. What is allowed:
//
//   - a field becomes optional, or no longer is: nothing changes but whether a
//     zero is sent;
//   - an integer becomes wider: what was sent before fits, and old peers cut
//     what does not fit theirs, as protobuf always does;
//   - an integer becomes an enum, or the other way round.
//
// Everything else is read as something else by protobuf (int64 and double), by
// JSON (string and bytes, which is base64 there), or by both.
func (l *lock) settle(message string, f spec.Field, was, is field) string {
	if typ, ok := l.settleType(plain(was.typ), plain(is.typ)); ok {
		if plain(is.typ) != is.typ {
			return "optional " + typ
		}
		return typ
	}
	l.refuse(f.Pos, "KG060",
		f.Name+" is "+is.typ+" now (Go "+f.Type.Go+"), but "+was.typ+" in the committed "+l.file+
			" ("+message+"."+was.name+"), and callers built from that would misread it",
		"keep the type, or give the new one a new name, so that it gets a number of its own")
	return is.typ
}

// compareKinds refuses messages that have become enums, and enums messages.
func (l *lock) compareKinds(svc *spec.Service) {
	refuse := func(pos, name, is, was string) {
		l.refuse(pos, "KG060", name+" is "+is+" now, but "+was+" in the committed "+l.file+", and callers built from that would misread it", "give the new one a new name")
	}
	for _, e := range svc.Enums {
		if _, ok := l.message(e.PB); ok {
			refuse(e.Pos, e.Name, "an enum", "a message")
		}
	}
	for _, s := range svc.Structs {
		if _, ok := l.lockedEnums[s.PB]; ok {
			refuse(s.Pos, s.Name, "a message", "an enum")
		}
	}
}

func (l *lock) settleType(was, is string) (typ string, ok bool) {
	if was == is {
		return is, true
	}
	for _, shape := range []string{"repeated ", "map<"} {
		if a, b := strings.HasPrefix(was, shape), strings.HasPrefix(is, shape); a != b {
			return "", false
		}
	}
	if rest, ok := strings.CutPrefix(is, "repeated "); ok {
		typ, ok = l.settleType(strings.TrimPrefix(was, "repeated "), rest)
		return "repeated " + typ, ok
	}
	if strings.HasPrefix(is, "map<") {
		wasKey, wasElem := entryTypes(was)
		key, elem := entryTypes(is)
		key, keyOK := l.settleType(wasKey, key)
		elem, elemOK := l.settleType(wasElem, elem)
		return "map<" + key + ", " + elem + ">", keyOK && elemOK
	}
	return l.settleNumber(was, is)
}

// encoding is a way that protobuf writes integers of one sign.
type encoding struct {
	narrow, wide string // its types of 32 and of 64 bits
	plain        string // what a Go type of the narrow size is printed as
	fixed        bool   // all have the same length, so that wide is not read as narrow
}

// encodings has the plain ones first. The others are those of a .proto that
// was adopted, and stay.
var encodings = []encoding{
	{"int32", "int64", "int32", false},
	{"uint32", "uint64", "uint32", false},
	{"sint32", "sint64", "int32", false},
	{"sfixed32", "sfixed64", "int32", true},
	{"fixed32", "fixed64", "uint32", true},
}

func (e encoding) has(typ string) bool { return typ == e.narrow || typ == e.wide }

// settleNumber takes both types without label.
func (l *lock) settleNumber(was, is string) (typ string, ok bool) {
	signed := encodings[0]
	if l.enums[is] && signed.has(was) || l.enums[was] && signed.has(is) {
		return is, true
	}
	before := slices.IndexFunc(encodings, func(e encoding) bool { return e.has(was) })
	now := slices.IndexFunc(encodings, func(e encoding) bool { return e.has(is) })
	if before < 0 || now < 0 || encodings[before].plain != encodings[now].plain {
		return "", false
	}
	e := encodings[before]
	wasWide, isWide := was == e.wide, is == encodings[now].wide
	switch {
	case wasWide && !isWide, e.fixed && wasWide != isWide:
		return "", false
	case isWide:
		return e.wide, true
	}
	return e.narrow, true
}

// plain is a type without "optional".
func plain(typ string) string { return strings.TrimPrefix(typ, "optional ") }

// entryTypes are key and value of a map's type.
func entryTypes(typ string) (key, elem string) {
	key, elem, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(typ, "map<"), ">"), ", ")
	return key, elem
}
