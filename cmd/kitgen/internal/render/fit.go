package render

import "github.com/kitgen/kitgen/cmd/kitgen/internal/spec"

// mayNotFit reports whether a value of t that arrives can be none of t: a number
// out of range, a list of another length, or text that says nothing.
func (c *converter) mayNotFit(t *spec.Type) bool { return c.reaches(t, c.misfits, misfits) }

func misfits(t *spec.Type) bool {
	switch t.Kind {
	case spec.Int, spec.Int8, spec.Int16, spec.Uint, spec.Uint8, spec.Uint16, spec.Text:
		return true
	case spec.Array:
		return t.Len > 0
	case spec.EnumT:
		return !holdsInt32(t)
	}
	return false
}

// mayBeLost reports whether a value of t can have no place in protobuf: a nil
// element, text that cannot be written, or a number that no enum has.
func (c *converter) mayBeLost(t *spec.Type) bool { return c.reaches(t, c.loses, loses) }

func loses(t *spec.Type) bool {
	switch t.Kind {
	case spec.Text, spec.Any:
		return true
	case spec.EnumT:
		return !fitsInt32(t)
	case spec.Slice, spec.Array, spec.Map:
		return hasNil(t)
	}
	return false
}

// hasNil reports whether an element of t may be nil where protobuf has no nil.
func hasNil(t *spec.Type) bool {
	return t.Elem.Kind == spec.Pointer && t.Elem.Wrap == ""
}

// holdsInt32 reports whether each value of an enum of a .proto is one of t.
func holdsInt32(t *spec.Type) bool {
	switch t.Elem.Kind {
	case spec.Int, spec.Int32, spec.Int64:
		return true
	}
	return false
}

// fitsInt32 reports whether each value of t is one of an enum of a .proto.
func fitsInt32(t *spec.Type) bool {
	switch t.Elem.Kind {
	case spec.Int8, spec.Int16, spec.Int32, spec.Uint8, spec.Uint16:
		return true
	}
	return false
}

// reaches reports whether is holds for t or for something that it is made of.
// known are the structs that were looked at before.
func (c *converter) reaches(t *spec.Type, known map[string]bool, is func(*spec.Type) bool) bool {
	if t.Kind == spec.StructT {
		if _, ok := known[t.Name]; !ok {
			known[t.Name] = c.walk(t, map[string]bool{}, is)
		}
		return known[t.Name]
	}
	return c.walk(t, map[string]bool{}, is)
}

func (c *converter) walk(t *spec.Type, seen map[string]bool, is func(*spec.Type) bool) bool {
	switch {
	case t == nil:
		return false
	case is(t):
		return true
	case t.Kind == spec.EnumT, t.IsBytes():
		return false
	case t.Kind != spec.StructT:
		return c.walk(t.Key, seen, is) || c.walk(t.Elem, seen, is)
	case seen[t.Name]:
		return false
	}
	seen[t.Name] = true
	for _, f := range c.structs[t.Name].Fields {
		if c.walk(f.Type, seen, is) {
			return true
		}
	}
	return false
}
