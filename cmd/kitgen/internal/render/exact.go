package render

import "github.com/kitgen/kitgen/cmd/kitgen/internal/spec"

// DecodeJSON is the function that decodes the method's request, which takes a
// closer look where that has arrays.
func (m method) DecodeJSON() string { return m.exactly("Decode") }

// ReadJSON is DecodeJSON for a part of the request.
func (m method) ReadJSON() string { return m.exactly("Read") }

func (m method) exactly(verb string) string {
	if m.Arrays {
		return verb + "ExactJSON"
	}
	return verb + "JSON"
}

// hasArrays reports whether an array is among fields, or in a struct that they
// lead to.
func (c *converter) hasArrays(fields []spec.Field) bool {
	for _, f := range fields {
		if c.reaches(f.Type, c.arrays, func(t *spec.Type) bool { return t.Kind == spec.Array }) {
			return true
		}
	}
	return false
}
