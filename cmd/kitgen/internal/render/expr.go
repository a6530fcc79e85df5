package render

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// wire is the Go type that protobuf has for a scalar kind.
var wire = map[spec.Kind]string{
	spec.Bool:    "bool",
	spec.String:  "string",
	spec.Bytes:   "[]byte",
	spec.Int:     "int64",
	spec.Int8:    "int32",
	spec.Int16:   "int32",
	spec.Int32:   "int32",
	spec.Int64:   "int64",
	spec.Uint:    "uint64",
	spec.Uint8:   "uint32",
	spec.Uint16:  "uint32",
	spec.Uint32:  "uint32",
	spec.Uint64:  "uint64",
	spec.Float32: "float32",
	spec.Float64: "float64",
}

func isScalar(k spec.Kind) bool { return wire[k] != "" }

// same reports whether a value of t is, as it is, what protobuf has for it.
func same(t *spec.Type) bool {
	switch t.Kind {
	case spec.Slice:
		return same(t.Elem)
	case spec.Map:
		return same(t.Key) && same(t.Elem)
	case spec.Pointer:
		return isScalar(t.Elem.Kind) && same(t.Elem)
	}
	return isScalar(t.Kind) && goType(t) == wire[t.Kind]
}

// pbType is the Go type that protobuf has for t.
func pbType(t *spec.Type) string {
	switch t.Kind {
	case spec.Time:
		return "*timestamppb.Timestamp"
	case spec.Duration:
		return "*durationpb.Duration"
	case spec.StructT:
		return "*pb." + t.PB
	case spec.Slice:
		return "[]" + pbType(t.Elem)
	case spec.Map:
		return "map[" + pbType(t.Key) + "]" + pbType(t.Elem)
	case spec.Pointer:
		if isScalar(t.Elem.Kind) {
			return "*" + pbType(t.Elem)
		}
		return pbType(t.Elem)
	}
	return wire[t.Kind]
}

// to is an expression that converts v, of type t, into what protobuf has.
func (c *converter) to(t *spec.Type, v string) string {
	if same(t) {
		return v
	}
	switch t.Kind {
	case spec.Time:
		return c.call("timeToPB") + "(" + c.unnamed(t, "time.Time", v) + ")"
	case spec.Duration:
		return c.call("durationpb.New") + "(" + c.unnamed(t, "time.Duration", v) + ")"
	case spec.StructT:
		return toFunc(t.Name) + "(" + v + ")"
	case spec.Slice:
		return fmt.Sprintf("%s(%s, %s)", c.call("sliceOf"), v, c.toFunc(t.Elem))
	case spec.Map:
		return fmt.Sprintf("%s(%s, %s, %s)", c.call("mapOf"), v, c.toFunc(t.Key), c.toFunc(t.Elem))
	case spec.Pointer:
		helper := "messageOf"
		if isScalar(t.Elem.Kind) {
			helper = "pointerTo"
		}
		return fmt.Sprintf("%s(%s, %s)", c.call(helper), v, c.toFunc(t.Elem))
	}
	return convert(wire[t.Kind], v)
}

// from is the reverse of to. field is what the user calls the value.
func (c *converter) from(t *spec.Type, field, m string) string {
	if same(t) {
		return m
	}
	switch t.Kind {
	case spec.Int, spec.Int8, spec.Int16, spec.Uint, spec.Uint8, spec.Uint16:
		return fmt.Sprintf("%s[%s](bad, %q, %s)", c.call("fitInt"), goType(t), field, m)
	case spec.Time:
		return c.named(t, c.call("timeFromPB")+"("+m+")")
	case spec.Duration:
		return c.named(t, m+".AsDuration()")
	case spec.StructT:
		if c.mayNotFit(t) {
			return fromFunc(t.Name) + "(bad, " + m + ")"
		}
		return fromFunc(t.Name) + "(" + m + ")"
	case spec.Slice:
		return fmt.Sprintf("%s(%s, %s)", c.call("sliceOf"), m, c.fromFunc(t.Elem, field))
	case spec.Map:
		return fmt.Sprintf("%s(%s, %s, %s)", c.call("mapOf"), m, c.fromFunc(t.Key, field), c.fromFunc(t.Elem, field))
	case spec.Pointer:
		helper := "fromMessage"
		if isScalar(t.Elem.Kind) {
			helper = "pointerTo"
		}
		return fmt.Sprintf("%s(%s, %s)", c.call(helper), m, c.fromFunc(t.Elem, field))
	}
	return convert(goType(t), m)
}

// toFunc is a function that converts one t, for a helper to call.
func (c *converter) toFunc(t *spec.Type) string {
	switch {
	case same(t):
		return c.call("asIs") + "[" + c.spell(goType(t)) + "]"
	case t.Kind == spec.StructT:
		return toFunc(t.Name)
	case t.Kind == spec.Time && t.Name == "":
		return c.call("timestamppb.New") // not timeToPB: an element cannot be left out
	case t.Kind == spec.Duration && t.Name == "":
		return c.call("durationpb.New")
	}
	return fmt.Sprintf("func(v %s) %s { return %s }", c.spell(goType(t)), c.spell(pbType(t)), c.to(t, "v"))
}

// fromFunc is the reverse of toFunc.
func (c *converter) fromFunc(t *spec.Type, field string) string {
	switch {
	case same(t):
		return c.call("asIs") + "[" + c.spell(goType(t)) + "]"
	case t.Kind == spec.StructT && !c.mayNotFit(t):
		return fromFunc(t.Name)
	case t.Kind == spec.Time && t.Name == "":
		return c.call("timeFromPB")
	}
	return fmt.Sprintf("func(m %s) %s { return %s }", c.spell(pbType(t)), c.spell(goType(t)), c.from(t, field, "m"))
}

// spell notes the packages that a type names.
func (c *converter) spell(typ string) string {
	for _, pkg := range []string{"time", "timestamppb", "durationpb"} {
		if strings.Contains(typ, pkg+".") {
			c.helpers[pkg] = true
		}
	}
	return typ
}

// unnamed converts v to base if t is a named type.
func (c *converter) unnamed(t *spec.Type, base, v string) string {
	if t.Name == "" {
		return v
	}
	return c.spell(base) + "(" + v + ")"
}

// named converts v to t if that is a named type.
func (c *converter) named(t *spec.Type, v string) string {
	if t.Name == "" {
		return v
	}
	return t.Name + "(" + v + ")"
}

func convert(typ, v string) string {
	if strings.HasPrefix(typ, "*") {
		typ = "(" + typ + ")"
	}
	return typ + "(" + v + ")"
}
