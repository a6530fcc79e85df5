package spec

import (
	"go/ast"
	"go/token"
	"go/types"
)

// use is where a type is used, for messages.
type use struct {
	at   token.Pos
	node ast.Expr // as it is written
	what string   // "parameter c of Add"
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
	out := &Type{Go: types.TypeString(t, l.qualify)}
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
		out.Kind = Slice
		out.Elem = l.convertElem(t.Elem(), u, "list")
	case *types.Map:
		out.Kind = Map
		out.Key = l.convertKey(t.Key(), u)
		out.Elem = l.convertElem(t.Elem(), u, "map")
		if out.Key == nil {
			return nil
		}
	case *types.Pointer:
		out.Kind = Pointer
		out.Elem = l.convertPointee(t.Elem(), u)
	default:
		l.refuse(t, u)
		return nil
	}
	if out.Elem == nil {
		return nil
	}
	return out
}

func (l *loader) qualify(p *types.Package) string {
	if p == l.types.pkg {
		return ""
	}
	return p.Name()
}

func (l *loader) convertBasic(t *types.Basic, out *Type, u use) *Type {
	kind, ok := basics[t.Kind()]
	switch {
	case t.Kind() == types.Invalid:
		if u.node == nil || !l.typeErrors(u.node) {
			l.bad(u.at, "KG039", "go vet shows why", "%s does not type-check", l.describeUse(u))
		}
		return nil
	case !ok:
		l.bad(u.at, "KG030", "use an integer, a float or a struct", "%s: %s means something to this process only", l.describeUse(u), t)
		return nil
	}
	out.Kind = kind
	return out
}

func (l *loader) convertNamed(t *types.Named, out *Type, u use) *Type {
	obj := t.Obj()
	switch {
	case obj.Pkg() == nil, t.Underlying() == foreign && obj.Pkg() == l.types.pkg:
		l.refuse(t, u)
		return nil
	case obj.Pkg() != l.types.pkg:
		return l.convertForeign(t, out, u)
	case t.TypeArgs().Len() > 0:
		l.bad(u.at, "KG038", "declare a type without type parameters for it", "%s: %s is generic, and a .proto is not", l.describeUse(u), out.Go)
		return nil
	}
	if d := l.decls[obj.Name()]; d != nil && l.typeErrors(d.spec) && t.Underlying() == types.Typ[types.Invalid] {
		return nil
	}
	out.Name = obj.Name()
	switch under := t.Underlying().(type) {
	case *types.Struct:
		if under == timeShape {
			l.bad(u.at, "KG034", "use time.Time, or declare "+out.Name+" as an alias: type "+out.Name+" = time.Time",
				"%s: %s is a new type with the fields of time.Time, none of which is exported", l.describeUse(u), out.Name)
			return nil
		}
		out.Kind = StructT
		out.PB = l.messageName(out.Name)
		l.describeStruct(t, under)
		return out
	case *types.Basic, *types.Slice, *types.Map, *types.Pointer:
		c := l.convert(under, u)
		if c == nil {
			return nil
		}
		c.Go, c.Name = out.Go, out.Name
		return c
	}
	l.refuse(t, u)
	return nil
}

func (l *loader) convertForeign(t *types.Named, out *Type, u use) *Type {
	obj := t.Obj()
	if obj.Pkg().Path() == "time" {
		switch obj.Name() {
		case "Time":
			out.Kind, out.Go = Time, "time.Time"
			return out
		case "Duration":
			out.Kind, out.Go = Duration, "time.Duration"
			return out
		}
	}
	if obj.Pkg().Path() == "context" {
		l.refuse(t, u)
		return nil
	}
	fix := "declare a type of your own beside the interface, with the fields that shall travel, and convert"
	if obj.Pkg().Path() == "encoding/json" && obj.Name() == "RawMessage" {
		fix = "use []byte, or a struct for what it holds"
	}
	l.bad(u.at, "KG035", fix, "%s: %s is declared in package %s, whose changes would change the wire",
		l.describeUse(u), obj.Name(), obj.Pkg().Path())
	return nil
}

// convertElem is the type of a list's or map's elements, which a .proto can
// express unless it is a list, a map or optional itself.
func (l *loader) convertElem(t types.Type, u use, of string) *Type {
	switch under := t.Underlying().(type) {
	case *types.Slice:
		if !types.Identical(under.Elem(), types.Typ[types.Byte]) {
			return l.nested(u, of, "list")
		}
	case *types.Array:
		return l.nested(u, of, "list")
	case *types.Map:
		return l.nested(u, of, "map")
	}
	e := l.convert(t, u)
	if e != nil && e.Kind == Pointer && e.Elem.Kind != StructT {
		l.bad(u.at, "KG038", "use "+e.Elem.Go+" for the elements, or a struct that has the pointer as a field",
			"%s: a .proto has no %s with elements that may be missing, such as %s", l.describeUse(u), of, e.Go)
		return nil
	}
	return e
}

func (l *loader) nested(u use, of, what string) *Type {
	l.bad(u.at, "KG038", "declare a struct that has the "+what+" as a field, and use it for the elements",
		"%s: a .proto has no %s of %ss", l.describeUse(u), of, what)
	return nil
}

func (l *loader) convertKey(t types.Type, u use) *Type {
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&(types.IsInteger|types.IsString) != 0 && b.Kind() != types.Uintptr {
		return l.convert(t, u)
	}
	if t.Underlying() != types.Typ[types.Invalid] {
		l.bad(u.at, "KG031", "use a map with a string or an integer for its key, or a list of structs",
			"%s: %s is no key that both JSON and protobuf have", l.describeUse(u), types.TypeString(t, l.qualify))
		return nil
	}
	return l.convert(t, u)
}

// convertPointee is what a pointer points to: a struct, or a scalar that may
// be missing.
func (l *loader) convertPointee(t types.Type, u use) *Type {
	switch under := t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Pointer:
		l.bad(u.at, "KG038", "use "+types.TypeString(t, l.qualify)+" itself", "%s: a .proto has no pointer to a %s",
			l.describeUse(u), shapeName(under))
		return nil
	}
	return l.convert(t, u)
}

func shapeName(t types.Type) string {
	switch t.(type) {
	case *types.Slice:
		return "list"
	case *types.Map:
		return "map"
	}
	return "pointer"
}
