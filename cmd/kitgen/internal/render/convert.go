package render

import (
	"strings"
	"unicode"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// message is a Go struct and the protobuf message that it becomes.
type message struct {
	Go, PB   string       // types
	To, From string       // functions that convert
	Fields   []conversion // of the message
	Values   []assignment // of the Go struct, embedded structs among them
	Missing  []embedded   // embedded structs that may be missing, the outer one first
	Whole    bool         // the only field is a struct of that message
	Nested   bool         // a struct of the user's, not a request or a response
	Loses    bool         // a Go value may have no place in the message
	Fallible bool         // a value in the message may not fit its Go type
	NilGuard bool         // the function reads a field that has no nil-safe getter
}

// LosesAlone reports whether the conversion to protobuf fails by itself, and not
// for the message that has m.
func (m message) LosesAlone() bool { return m.Loses && !m.Nested }

// FailsAlone is LosesAlone for the way back.
func (m message) FailsAlone() bool { return m.Fallible && !m.Nested }

// ReturnsTo reports whether the message is one expression.
func (m message) ReturnsTo() bool { return !m.LosesAlone() && len(m.Missing) == 0 }

// ReturnsFrom reports whether the Go value is one expression.
func (m message) ReturnsFrom() bool { return !m.FailsAlone() && len(m.Missing) == 0 }

// Empty reports whether there is nothing to convert, and so no function that does.
func (m message) Empty() bool {
	return !m.Nested && len(m.Fields) == 0 && len(m.Missing) == 0
}

// ToCall is the message that the Go value v becomes.
func (m message) ToCall(v string) string {
	if m.Empty() {
		return "&pb." + m.PB + "{}"
	}
	return m.To + "(" + v + ")"
}

// FromCall is the Go value that the message v becomes.
func (m message) FromCall(v string) string {
	if m.Empty() {
		return m.Go + "{}"
	}
	return m.From + "(" + v + ")"
}

// ToSignature is the name of the function to protobuf, what it takes and returns.
func (m message) ToSignature() string {
	return signature(m.To, m.param("v")+" "+m.Go, "*pb."+m.PB, m.Loses, m.Nested)
}

// FromSignature is ToSignature for the way back.
func (m message) FromSignature() string {
	return signature(m.From, m.param("m")+" *pb."+m.PB, m.Go, m.Fallible, m.Nested)
}

// param is the name of what is converted; none if nothing of it is.
func (m message) param(name string) string {
	if len(m.Fields) == 0 && len(m.Missing) == 0 {
		return "_"
	}
	return name
}

func signature(name, takes, returns string, fails, nested bool) string {
	switch {
	case !fails:
		return name + "(" + takes + ") " + returns
	case nested:
		return name + "(bad *misfit, " + takes + ") " + returns
	}
	return name + "(" + takes + ") (" + returns + ", error)"
}

// conversion is a field of a message, and an expression of the Go value v.
type conversion struct{ PB, To string }

// assignment is a field of a Go struct, and an expression of the message m.
type assignment struct{ Go, From string }

// embedded is a struct that another embeds by pointer.
type embedded struct {
	Go, Type string // where v has it; what it points to
	Has      string // whether v has it
	Arrived  string // whether m has any of its fields
	Fields   []conversion
	Values   []assignment
}

// converter writes the expressions that convert between Go and protobuf, and
// remembers which helpers they call.
type converter struct {
	svc     *spec.Service
	structs map[string]spec.Struct // by Go name
	loses   map[string]bool        // by Go name of a struct: whether its conversion to protobuf can fail
	misfits map[string]bool        // whether that from protobuf can
	arrays  map[string]bool        // whether there is one in it
	helpers map[string]bool
}

// newConverter returns the converter of a service as gRPC has it, which knows all
// of its structs.
func newConverter(svc *spec.Service, structs []spec.Struct) *converter {
	c := &converter{
		svc:     svc,
		structs: map[string]spec.Struct{},
		loses:   map[string]bool{},
		misfits: map[string]bool{},
		arrays:  map[string]bool{},
		helpers: map[string]bool{},
	}
	for _, s := range structs {
		c.structs[s.Name] = s
	}
	return c
}

// messages are the nested structs of the service, ready to convert.
func (c *converter) messages() []message {
	var out []message
	for _, s := range c.svc.Structs {
		m := c.message(s.Name, spec.Message{PB: s.PB}, s.Fields)
		m.To, m.From = s.Func+"ToPB", s.Func+"FromPB"
		m.Nested = true
		out = append(out, m)
	}
	return out
}

// message describes the conversion of one struct.
func (c *converter) message(goName string, pb spec.Message, fields []spec.Field) message {
	m := message{Go: goName, PB: pb.PB, Whole: pb.Whole, To: lower(goName) + "ToPB", From: lower(goName) + "FromPB"}
	for _, f := range fields {
		m.Loses = m.Loses || c.mayBeLost(f.Type)
		m.Fallible = m.Fallible || c.mayNotFit(f.Type)
	}
	if pb.Whole {
		f := fields[0]
		m.Fields = []conversion{{f.PB, c.to(f.Type, f.JSON, "v."+f.Go)}}
		m.Values = []assignment{{f.Go, c.from(f.Type, f.JSON, "m")}}
		return m
	}
	c.level(&m, fields, 0, nil)
	return m
}

// level describes the fields that are promoted through the same depth embedded
// structs, and those that are promoted through more. Those that are all there
// are part of m's literals; the others are described for themselves.
func (c *converter) level(m *message, fields []spec.Field, depth int, missing *embedded) []assignment {
	var values []assignment
	for len(fields) > 0 {
		f := fields[0]
		if len(f.Through) == depth {
			values = append(values, c.field(m, f, missing))
			fields = fields[1:]
			continue
		}
		var inner, rest []spec.Field
		e := f.Through[depth]
		for _, g := range fields {
			if len(g.Through) > depth && g.Through[depth] == e {
				inner = append(inner, g)
			} else {
				rest = append(rest, g)
			}
		}
		fields = rest
		if e.Pointer {
			c.missing(m, inner, depth)
			continue
		}
		values = append(values, assignment{e.Name, literal(e.Go, c.level(m, inner, depth+1, missing))})
	}
	if depth == 0 {
		m.Values = values
	}
	return values
}

// field adds f to the message, or to the part of it that may be missing.
func (c *converter) field(m *message, f spec.Field, missing *embedded) assignment {
	v, get := selector(f.Through, len(f.Through))+"."+f.Go, "m.Get"+f.PB+"()"
	t := f.Type
	switch {
	case f.ByValue:
		v, t = "&"+v, t.Elem
	case t.Optional():
		get = "m." + f.PB // the getter would hide whether it is set
		m.NilGuard = true
	}
	out := conversion{f.PB, c.to(f.Type, f.JSON, v)}
	if missing == nil {
		m.Fields = append(m.Fields, out)
	} else {
		missing.Fields = append(missing.Fields, out)
	}
	return assignment{f.Go, c.from(t, f.JSON, get)}
}

// missing describes an embedded struct that may be missing.
func (c *converter) missing(m *message, inner []spec.Field, depth int) {
	through := inner[0].Through
	e := embedded{Go: selector(through, depth+1), Type: through[depth].Go}
	var has, arrived []string
	for i, outer := range through[:depth+1] {
		if outer.Pointer {
			has = append(has, selector(through, i+1)+" != nil")
		}
	}
	for _, f := range inner {
		if goType := protogen.GoType(f.Type); strings.HasPrefix(goType, "*") {
			arrived = append(arrived, "m."+f.PB+" != nil")
		} else {
			arrived = append(arrived, "len(m."+f.PB+") > 0")
		}
	}
	e.Has, e.Arrived = strings.Join(has, " && "), strings.Join(arrived, " || ")
	if len(arrived) > 5 {
		e.Arrived = c.call("cmp.Or") + "(\n" + filled(arrived) + "\n)"
	}
	m.NilGuard = true
	i := len(m.Missing)
	m.Missing = append(m.Missing, e) // before those within
	e.Values = c.level(m, inner, depth+1, &e)
	m.Missing[i] = e
}

// selector is the embedded struct at a depth.
func selector(through []spec.Embedding, depth int) string {
	names := []string{"v"}
	for _, e := range through[:depth] {
		names = append(names, e.Name)
	}
	return strings.Join(names, ".")
}

// literal is a value of an embedded struct.
func literal(typ string, values []assignment) string {
	if len(values) == 0 {
		return typ + "{}"
	}
	var b strings.Builder
	b.WriteString(typ + "{\n")
	for _, v := range values {
		b.WriteString(v.Go + ": " + v.From + ",\n")
	}
	b.WriteString("}")
	return b.String()
}

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
