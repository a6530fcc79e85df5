package spec

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
)

// use is where a type is used, for messages.
type use struct {
	at      token.Pos
	node    ast.Expr // as it is written; nil if that is not in the package
	what    string   // "parameter c of Add"
	name    string   // of the message that a struct without a name becomes there
	any     bool     // //kit:any: a value of any type may travel
	pointer bool     // a pointer to it is used
	key     bool     // of a map
	foreign bool     // in a struct of another package, which the user cannot mend
}

// basics are the kinds of Go's basic types.
var basics = map[types.BasicKind]Kind{
	types.Bool: Bool, types.String: String,
	types.Int: Int, types.Int8: Int8, types.Int16: Int16, types.Int32: Int32, types.Int64: Int64,
	types.Uint: Uint, types.Uint8: Uint8, types.Uint16: Uint16, types.Uint32: Uint32, types.Uint64: Uint64,
	types.Float32: Float32, types.Float64: Float64,
}

// convert finds the place of a Go type on the wire, or reports why it has none
// and returns nil.
func (l *loader) convert(t types.Type, u use) *Type {
	out := &Type{Go: l.spell(t)}
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return l.convertBasic(t, out, u)
	case *types.Named:
		return l.convertNamed(t, out, u)
	case *types.Slice:
		if types.Identical(t.Elem(), types.Typ[types.Byte]) {
			out.Kind = Bytes
			return out
		}
		out.Kind, out.Elem = Slice, l.convertElem(t.Elem(), u, "list")
	case *types.Array:
		return l.convertArray(t, out, u)
	case *types.Map:
		return l.convertMap(t, out, u)
	case *types.Pointer:
		out.Kind, out.Elem = Pointer, l.convertPointee(t.Elem(), u)
	case *types.Struct:
		return l.convertAnonymous(t, out, u)
	case *types.Interface:
		if t.Empty() && u.any && t != foreign {
			out.Kind, out.Go = Any, "any"
			return out
		}
		l.refuse(t, u)
		return nil
	default:
		l.refuse(t, u)
		return nil
	}
	if out.Elem == nil {
		return nil
	}
	return out
}

func (l *loader) convertArray(t *types.Array, out *Type, u use) *Type {
	if t.Len() < 0 {
		l.bad(u.at, "KG039", "go vet shows why", "%s: its length is no constant that kitgen can compute", l.describeUse(u))
		return nil
	}
	out.Kind, out.Len, out.Elem = Array, int(t.Len()), l.convertElem(t.Elem(), u, "list")
	if out.Elem == nil {
		return nil
	}
	return out
}

// spell is a type as generated code writes it.
func (l *loader) spell(t types.Type) string {
	return quoted.ReplaceAllStringFunc(types.TypeString(t, l.qualify), func(tag string) string {
		text, err := strconv.Unquote(tag)
		if err != nil || !strconv.CanBackquote(text) {
			return tag
		}
		return "`" + text + "`"
	})
}

// quoted is a tag in a struct type.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

func (l *loader) qualify(p *types.Package) string {
	if p == l.types.pkg {
		return ""
	}
	return l.importName(p.Path())
}

func (l *loader) convertBasic(t *types.Basic, out *Type, u use) *Type {
	kind, ok := basics[t.Kind()]
	switch {
	case t.Kind() == types.Invalid && u.foreign:
		l.badUse(u, "KG035", "", "%s has a type that kitgen cannot read", l.describeUse(u))
		return nil
	case t.Kind() == types.Invalid:
		if u.node == nil || !l.typeErrors(u.node) {
			l.bad(u.at, "KG039", "go vet shows why", "%s does not type-check", l.describeUse(u))
		}
		return nil
	case !ok:
		l.badUse(u, "KG030", "use an integer, a float or a struct", "%s: %s means something to this process only", l.describeUse(u), t)
		return nil
	}
	out.Kind = kind
	return out
}

// convertElem is the type of a list's or map's elements.
func (l *loader) convertElem(t types.Type, u use, of string) *Type {
	u.pointer = false
	e := l.convert(t, u)
	if e == nil {
		return nil
	}
	if e.Kind == Pointer && !e.Optional() && !u.foreign {
		l.warn(u.at, "KGW05", "use "+e.Elem.Go+" for the elements, unless all are there",
			"%s: a .proto has no %s with elements that may be missing, so a nil one fails the call over gRPC, and is null over HTTP", l.describeUse(u), of)
	}
	return l.element(e, u)
}

// convertMap is a map, or a set if its values are struct{}.
func (l *loader) convertMap(t *types.Map, out *Type, u use) *Type {
	key := l.convertKey(t.Key(), u)
	if st, ok := types.Unalias(t.Elem()).(*types.Struct); ok && st.NumFields() == 0 {
		out.Kind, out.Elem = Set, key
	} else {
		out.Kind, out.Key, out.Elem = Map, key, l.convertElem(t.Elem(), u, "map")
	}
	if key == nil || out.Elem == nil {
		return nil
	}
	return out
}

// convertKey is a key that is one in JSON and in protobuf: a string or an
// integer, or text. A string that is text is neither: encoding/json writes such
// a key as the string it is, and reads it as text.
func (l *loader) convertKey(t types.Type, u use) *Type {
	u.key, u.pointer = true, false
	shape := t.Underlying()
	text, onPointer := false, false
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil && !isTime(named, "Time") {
		if d, err := l.resolve(named); err == nil && d.named != nil {
			shape = d.under
			onPointer, text = l.textual(d)
		}
	}
	b, ok := shape.(*types.Basic)
	switch {
	case text && !onPointer && !(ok && b.Info()&types.IsString != 0),
		!text && ok && b.Info()&(types.IsInteger|types.IsString) != 0 && b.Kind() != types.Uintptr,
		ok && b.Kind() == types.Invalid:
		return l.convert(t, u)
	}
	l.badUse(u, "KG031", "use a map with a string or an integer for its key, or a list of structs",
		"%s: %s is no key that both JSON and protobuf have", l.describeUse(u), l.spell(t))
	return nil
}

// convertPointee is what a pointer points to: a struct, or a scalar that may
// be missing.
func (l *loader) convertPointee(t types.Type, u use) *Type {
	u.pointer = true
	e := l.convert(t, u)
	if e == nil {
		return nil
	}
	names := map[Kind]string{Slice: "list", Bytes: "list", Array: "list", Set: "set", Map: "map", Pointer: "pointer", Any: "value of any type"}
	if what, ok := names[e.Kind]; ok {
		l.badUse(u, "KG038", "use "+e.Go+" itself", "%s: a .proto has no pointer to a %s", l.describeUse(u), what)
		return nil
	}
	return e
}

// convertNamed is a type by its name: its own, or an alias of one of another
// package that stands for a type without.
func (l *loader) convertNamed(t *types.Named, out *Type, u use) *Type {
	if t.Obj().Pkg() == nil {
		l.refuse(t, u)
		return nil
	}
	if known := l.convertKnown(t, out); known != nil || l.refuseKnown(t, u) {
		return known
	}
	if d := l.decls[t.Obj().Name()]; t.Obj().Pkg() == l.types.pkg && d != nil && t.Underlying() == types.Typ[types.Invalid] && l.typeErrors(d.spec) {
		return nil
	}
	d, err := l.resolve(t)
	if err != nil {
		l.unread(u, err)
		return nil
	}
	if d.named == nil {
		return l.convert(d.under, u)
	}
	if l.refuseForeign(d, u) {
		return nil
	}
	out.Name = l.spell(t)
	var c *Type
	if onPointer, ok := l.textual(d); ok && !has(l.typeDirectives(d.decl), "enum") {
		c = l.convertText(out, onPointer, u)
	} else {
		c = l.convertDeclared(d, out, u)
	}
	if c != nil {
		c.JSON = l.ownJSON(d)
	}
	return c
}

// convertKnown are the types that protobuf has one for.
func (l *loader) convertKnown(t *types.Named, out *Type) *Type {
	switch path, name := t.Obj().Pkg().Path(), t.Obj().Name(); {
	case path == "time" && name == "Time":
		out.Kind, out.Go = Time, "time.Time"
	case path == "time" && name == "Duration":
		out.Kind, out.Go = Duration, "time.Duration"
	case path == "encoding/json" && name == "RawMessage":
		out.Kind, out.Name = Bytes, l.spell(t)
	default:
		return nil
	}
	return out
}

// maxDepth is how often instances of one generic type may be within each other.
const maxDepth = 8

// convertDeclared is a type by what it is declared to be.
func (l *loader) convertDeclared(d declared, out *Type, u use) *Type {
	obj, key := d.named.Obj(), types.TypeString(d.named, nil)
	switch {
	case slices.Contains(l.open, key):
		l.badUse(u, "KG036", "declare a struct that has it as a field", "%s: %s is made of itself without end, and no message stands in between", l.describeUse(u), out.Name)
		return nil
	case l.depth[obj] > maxDepth:
		l.badUse(u, "KG036", "use one instance of it", "%s: %s is made of ever other instances of itself, of which each would be a message", l.describeUse(u), obj.Name())
		return nil
	}
	l.depth[obj]++
	defer func() { l.depth[obj]-- }()
	switch under := d.under.(type) {
	case *types.Struct:
		if under == timeShape {
			l.badUse(u, "KG034", "use time.Time, or declare "+out.Name+" as an alias: type "+out.Name+" = time.Time",
				"%s: %s is a new type with the fields of time.Time, none of which is exported", l.describeUse(u), out.Name)
			return nil
		}
		out.Kind = StructT
		return l.describeStruct(d, under, out, u)
	case *types.Basic, *types.Slice, *types.Array, *types.Map, *types.Pointer:
		l.open = append(l.open, key)
		defer func() { l.open = l.open[:len(l.open)-1] }()
		c := l.convert(under, u)
		if c == nil {
			return nil
		}
		c.Go, c.Name = out.Go, out.Name
		if b, ok := under.(*types.Basic); ok && !u.key {
			l.asEnum(d, b, c)
		}
		return c
	}
	l.refuse(d.named, u)
	return nil
}
