package render

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// same reports whether a value of t is, as it is, what protobuf has for it.
func same(t *spec.Type) bool {
	switch t.Kind {
	case spec.StructT, spec.EnumT, spec.Text, spec.Any, spec.Time, spec.Duration, spec.Array, spec.Set:
		return false
	case spec.Slice:
		return t.Wrap == "" && same(t.Elem)
	case spec.Map:
		return t.Wrap == "" && same(t.Key) && same(t.Elem)
	case spec.Pointer:
		return t.Wrap == "" && t.Optional() && same(t.Elem)
	}
	return t.Name == "" && (t.Kind == spec.Bytes || string(t.Kind) == protogen.GoType(t))
}

// to is an expression that converts v, of type t, into what protobuf has. field
// is what the user calls the value. If t may be lost, a misfit called bad is in
// scope.
func (c *converter) to(t *spec.Type, field, v string) string {
	switch {
	case same(t):
		return v
	case t.Wrap != "":
		return c.wrapped(t, field, v)
	}
	switch t.Kind {
	case spec.Time:
		return c.call("timeToPB") + "(" + c.unnamed(t, "time.Time", v) + ")"
	case spec.Duration:
		return c.call("durationpb.New") + "(" + c.unnamed(t, "time.Duration", v) + ")"
	case spec.Text:
		return fmt.Sprintf("%s(bad, %q, %s)", c.call("textOf"), field, v)
	case spec.Any:
		return fmt.Sprintf("%s(bad, %q, %s)", c.call("anyToPB"), field, v)
	case spec.EnumT:
		if fitsInt32(t) {
			return convert(protogen.GoType(t), v)
		}
		return fmt.Sprintf("%s[%s](bad, %q, %s)", c.call("fitInt"), protogen.GoType(t), field, v)
	case spec.StructT:
		return c.structTo(t, v)
	case spec.Slice:
		return fmt.Sprintf("%s(%s, %s)", c.call("sliceOf"), v, c.elemTo(t.Elem, field))
	case spec.Array:
		return c.arrayTo(t, field, v)
	case spec.Set:
		return fmt.Sprintf("%s(%s, %s)", c.call("keysOf"), v, c.toFunc(t.Elem, field))
	case spec.Map:
		return fmt.Sprintf("%s(%s, %s, %s)", c.call("mapOf"), v, c.toFunc(t.Key, field), c.elemTo(t.Elem, field))
	case spec.Pointer:
		return c.pointerTo(t, field, v)
	}
	return convert(protogen.GoType(t), v)
}

func (c *converter) structTo(t *spec.Type, v string) string {
	if c.mayBeLost(t) {
		return c.structs[t.Name].Func + "ToPB(bad, " + v + ")"
	}
	return c.structs[t.Name].Func + "ToPB(" + v + ")"
}

func (c *converter) arrayTo(t *spec.Type, field, v string) string {
	v = strings.TrimPrefix(v, "&")
	if t.IsBytes() || same(t.Elem) {
		return v + "[:]"
	}
	return fmt.Sprintf("%s(%s[:], %s)", c.call("sliceOf"), v, c.elemTo(t.Elem, field))
}

func (c *converter) pointerTo(t *spec.Type, field, v string) string {
	switch {
	case t.Elem.Kind == spec.Text:
		return fmt.Sprintf("%s(bad, %q, %s)", c.call("optionalText"), field, v)
	case t.Optional():
		return fmt.Sprintf("%s(%s, %s)", c.call("pointerTo"), v, c.toFunc(t.Elem, field))
	}
	return fmt.Sprintf("%s(%s, %s)", c.call("messageOf"), v, c.toFunc(t.Elem, field))
}

// wrapped is v in a message of its own.
func (c *converter) wrapped(t *spec.Type, field, v string) string {
	return "&pb." + t.Wrap + "{" + c.wrapper(t).PB + ": " + c.to(bare(t), field, v) + "}"
}

// bare is t without the message around it.
func bare(t *spec.Type) *spec.Type {
	b := *t
	b.Wrap = ""
	return &b
}

func (c *converter) wrapper(t *spec.Type) spec.Field {
	for _, w := range c.svc.Wrappers {
		if w.PB == t.Wrap {
			return w.Field
		}
	}
	return spec.Field{} // cannot be: who wraps a type adds the message
}

// from is the reverse of to. If t may not fit, a misfit called bad is in scope.
func (c *converter) from(t *spec.Type, field, m string) string {
	switch {
	case same(t):
		return m
	case t.Wrap != "":
		return c.unwrapped(t, field, m)
	}
	if from, ok := c.fromScalar(t, field, m); ok {
		return from
	}
	switch t.Kind {
	case spec.Time:
		return c.named(t, c.call("timeFromPB")+"("+m+")")
	case spec.Duration:
		return c.named(t, m+".AsDuration()")
	case spec.Any:
		return m + ".AsInterface()"
	case spec.StructT:
		return c.structFrom(t, m)
	case spec.Slice:
		return fmt.Sprintf("%s(%s, %s)", c.call("sliceOf"), m, c.fromFunc(t.Elem, field))
	case spec.Array:
		return c.arrayFrom(t, field, m)
	case spec.Set:
		return fmt.Sprintf("%s(%s, %s)", c.call("setOf"), m, c.fromFunc(t.Elem, field))
	case spec.Map:
		return fmt.Sprintf("%s(%s, %s, %s)", c.call("mapOf"), m, c.fromFunc(t.Key, field), c.fromFunc(t.Elem, field))
	case spec.Pointer:
		helper := "fromMessage"
		if t.Optional() {
			helper = "pointerTo"
		}
		return fmt.Sprintf("%s(%s, %s)", c.call(helper), m, c.fromFunc(t.Elem, field))
	}
	return convert(t.Go, m)
}

// fromScalar is from for a scalar that may not fit.
func (c *converter) fromScalar(t *spec.Type, field, m string) (string, bool) {
	helper := "fitInt"
	switch t.Kind {
	case spec.Int, spec.Int8, spec.Int16, spec.Uint, spec.Uint8, spec.Uint16:
	case spec.Text:
		helper = "fromText"
	case spec.EnumT:
		if holdsInt32(t) {
			return convert(t.Go, m), true
		}
	default:
		return "", false
	}
	return fmt.Sprintf("%s[%s](bad, %q, %s)", c.call(helper), t.Go, field, m), true
}

func (c *converter) structFrom(t *spec.Type, m string) string {
	if c.mayNotFit(t) {
		return c.structs[t.Name].Func + "FromPB(bad, " + m + ")"
	}
	return c.structs[t.Name].Func + "FromPB(" + m + ")"
}

func (c *converter) arrayFrom(t *spec.Type, field, m string) string {
	if !t.IsBytes() && !same(t.Elem) {
		m = fmt.Sprintf("%s(%s, %s)", c.call("sliceOf"), m, c.fromFunc(t.Elem, field))
	}
	if t.Len == 0 {
		return c.spell(t.Go) + "{}"
	}
	return fmt.Sprintf("%s(%s(bad, %q, %d, %s))", c.spell(t.Go), c.call("exactly"), field, t.Len, m)
}

func (c *converter) unwrapped(t *spec.Type, field, m string) string {
	w := c.wrapper(t)
	if t.Optional() {
		return c.from(bare(t), field, m+"."+w.PB)
	}
	return c.from(bare(t), field, m+".Get"+w.PB+"()")
}

// elemTo is a function that converts one element of a list or map.
func (c *converter) elemTo(t *spec.Type, field string) string {
	if t.Kind != spec.Pointer || t.Wrap != "" {
		return c.toFunc(t, field)
	}
	return fmt.Sprintf("func(v %s) %s { return %s(bad, %q, v, %s) }",
		c.spell(t.Go), c.spell(protogen.GoType(t)), c.call("present"), field, c.toFunc(t.Elem, field))
}

// toFunc is a function that converts one t, for a helper to call.
func (c *converter) toFunc(t *spec.Type, field string) string {
	switch {
	case same(t):
		return c.call("asIs") + "[" + c.spell(t.Go) + "]"
	case t.Kind == spec.StructT && !c.mayBeLost(t):
		return c.structs[t.Name].Func + "ToPB"
	case t.Kind == spec.Time && t.Name == "":
		return c.call("timestamppb.New") // not timeToPB: an element cannot be left out
	case t.Kind == spec.Duration && t.Name == "":
		return c.call("durationpb.New")
	}
	return fmt.Sprintf("func(v %s) %s { return %s }", c.spell(t.Go), c.spell(protogen.GoType(t)), c.to(t, field, "v"))
}

// fromFunc is the reverse of toFunc.
func (c *converter) fromFunc(t *spec.Type, field string) string {
	switch {
	case same(t):
		return c.call("asIs") + "[" + c.spell(t.Go) + "]"
	case t.Kind == spec.StructT && !c.mayNotFit(t):
		return c.structs[t.Name].Func + "FromPB"
	case t.Kind == spec.Time && t.Name == "":
		return c.call("timeFromPB")
	case t.Kind == spec.Any:
		return "(" + c.spell("*structpb.Value") + ").AsInterface"
	}
	return fmt.Sprintf("func(m %s) %s { return %s }", c.spell(protogen.GoType(t)), c.spell(t.Go), c.from(t, field, "m"))
}

// spell notes the packages that a type names.
func (c *converter) spell(typ string) string {
	for _, pkg := range []string{"time", "timestamppb", "durationpb", "structpb"} {
		if names(typ, pkg) {
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
