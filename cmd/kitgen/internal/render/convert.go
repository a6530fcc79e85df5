package render

import (
	"strings"
	"unicode"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// message is a Go struct and the protobuf message that it becomes.
type message struct {
	Go, PB   string // types
	To, From string // functions that convert
	Fields   []conversion
	Whole    bool // the only field is a struct of that message
	Nested   bool // a struct of the user's, not a request or a response
	Fallible bool // a number in the message may not fit its Go type
	NilGuard bool // the function reads a field that has no nil-safe getter
}

// conversion is one field of a message: its names, and an expression of the
// Go value v and of the message m each.
type conversion struct{ Go, PB, To, From string }

// converter writes the expressions that convert between Go and protobuf, and
// remembers which helpers they call.
type converter struct {
	svc      *spec.Service
	structs  map[string]spec.Struct // by Go name
	fallible map[string]bool        // by Go name of a struct; a key is there once it is being looked at
	helpers  map[string]bool
}

func newConverter(svc *spec.Service) *converter {
	c := &converter{
		svc:      svc,
		structs:  map[string]spec.Struct{},
		fallible: map[string]bool{},
		helpers:  map[string]bool{},
	}
	for _, s := range svc.Structs {
		c.structs[s.Name] = s
	}
	return c
}

// messages are the nested structs of the service, ready to convert.
func (c *converter) messages() []message {
	var out []message
	for _, s := range c.svc.Structs {
		m := c.message(s.Name, spec.Message{PB: s.PB}, s.Fields)
		m.Nested = true
		out = append(out, m)
	}
	return out
}

// message describes the conversion of one struct.
func (c *converter) message(goName string, pb spec.Message, fields []spec.Field) message {
	m := message{Go: goName, PB: pb.PB, Whole: pb.Whole, To: toFunc(goName), From: fromFunc(goName)}
	for _, f := range fields {
		get := "m.Get" + f.PB + "()"
		if pb.Whole {
			get = "m"
		} else if f.Type.Kind == spec.Pointer && isScalar(f.Type.Elem.Kind) {
			get = "m." + f.PB // the getter would hide whether it is set
			m.NilGuard = true
		}
		m.Fields = append(m.Fields, conversion{
			Go:   f.Go,
			PB:   f.PB,
			To:   c.to(f.Type, "v."+f.Go),
			From: c.from(f.Type, f.JSON, get),
		})
		m.Fallible = m.Fallible || c.mayNotFit(f.Type)
	}
	return m
}

func toFunc(goName string) string   { return lower(goName) + "ToPB" }
func fromFunc(goName string) string { return lower(goName) + "FromPB" }

func lower(name string) string {
	r := []rune(name)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// call notes that an expression needs a helper, or a package.
func (c *converter) call(helper string) string {
	c.helpers[helper] = true
	if pkg, _, ok := strings.Cut(helper, "."); ok {
		c.helpers[pkg] = true
	}
	return helper
}

// mayNotFit reports whether a value of t that arrives can be out of range.
func (c *converter) mayNotFit(t *spec.Type) bool {
	switch t.Kind {
	case spec.Int, spec.Int8, spec.Int16, spec.Uint, spec.Uint8, spec.Uint16:
		return true
	case spec.Slice, spec.Pointer:
		return c.mayNotFit(t.Elem)
	case spec.Map:
		return c.mayNotFit(t.Key) || c.mayNotFit(t.Elem)
	case spec.StructT:
		return c.structMayNotFit(t.Name)
	}
	return false
}

func (c *converter) structMayNotFit(name string) bool {
	if known, ok := c.fallible[name]; ok {
		return known
	}
	reached := map[string]bool{}
	var walk func(t *spec.Type) bool
	walk = func(t *spec.Type) bool {
		if t == nil {
			return false
		}
		if t.Kind != spec.StructT {
			return walk(t.Key) || walk(t.Elem) || t.Key == nil && t.Elem == nil && c.mayNotFit(t)
		}
		if reached[t.Name] {
			return false
		}
		reached[t.Name] = true
		for _, f := range c.structs[t.Name].Fields {
			if walk(f.Type) {
				return true
			}
		}
		return false
	}
	c.fallible[name] = walk(&spec.Type{Kind: spec.StructT, Name: name})
	return c.fallible[name]
}
