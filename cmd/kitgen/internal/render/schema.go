package render

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// schemas are the types of an OpenAPI document: what encoding/json makes of the Go
// types, as JSON Schema.
type schemas struct {
	svc   *spec.Service
	names map[string]bool // taken
	used  map[string]bool // structs that a schema leads to, by the names of their messages
	own   object          // of requests and responses
}

func newSchemas(svc *spec.Service) *schemas {
	s := &schemas{svc: svc, names: make(map[string]bool), used: make(map[string]bool)}
	for _, st := range svc.Structs {
		s.names[st.PB] = true
	}
	return s
}

// all are those of requests and responses, and then the structs in them.
func (s *schemas) all() (object, error) {
	found := make(map[string]object)
	for more := true; more; {
		more = false
		for _, st := range s.svc.Structs {
			if !s.used[st.PB] || found[st.PB] != nil {
				continue
			}
			schema, err := s.fields(st.Doc, st.Fields, false)
			if err != nil {
				return nil, err
			}
			found[st.PB], more = schema, true
		}
	}
	out := s.own
	for _, st := range s.svc.Structs {
		if found[st.PB] != nil {
			out = append(out, member{st.PB, found[st.PB]})
		}
	}
	return out, nil
}

// add describes a request or a response, and returns a reference to it.
func (s *schemas) add(name string, doc []string, fields []spec.Field, whole bool) (object, error) {
	for s.names[name] {
		name += "_"
	}
	s.names[name] = true
	schema, err := s.fields(doc, fields, whole)
	s.own = append(s.own, member{name, schema})
	return reference(name), err
}

func reference(name string) object { return object{{"$ref", "#/components/schemas/" + name}} }

// fields is a struct; if it is whole, each of its fields is always there.
func (s *schemas) fields(doc []string, fields []spec.Field, whole bool) (object, error) {
	var properties object
	var required []any
	for _, f := range fields {
		t := f.Type
		if f.ByValue { // it is left out rather than null
			t = t.Elem
		}
		schema, err := s.of(t)
		if f.Quoted {
			schema, err = s.quoted(t)
		}
		if err != nil {
			return nil, err
		}
		properties = append(properties, member{f.JSON, schema.described(f.Doc)})
		if whole {
			required = append(required, f.JSON)
		}
	}
	return object{{"type", "object"}}.with("description", prose(doc)).with("properties", properties).with("required", required), nil
}

// of is a type as JSON has it.
func (s *schemas) of(t *spec.Type) (object, error) {
	switch t.JSON {
	case "":
	case "any":
		return object{{"description", "what the methods of " + t.Go + " make of it"}}, nil
	default:
		return object{{"type", t.JSON}}, nil
	}
	switch t.Kind {
	case spec.StructT:
		s.used[t.PB] = true
		return reference(t.PB), nil
	case spec.Any:
		return object{}, nil
	case spec.EnumT:
		return s.enum(t)
	case spec.Array:
		of, err := s.of(t.Elem)
		return object{{"type", "array"}, {"items", of}, {"minItems", t.Len}, {"maxItems", t.Len}}, err
	case spec.Set:
		return object{{"type", []any{"object", "null"}}}.with("propertyNames", keys(t.Elem)).with("additionalProperties", object{{"type", "object"}}), nil
	case spec.Bytes:
		if t.Name == "json.RawMessage" {
			return object{}, nil
		}
		return object{{"type", []any{"string", "null"}}, {"contentEncoding", "base64"}}, nil
	case spec.Duration:
		return object{{"type", "integer"}, {"format", "int64"}, {"description", "nanoseconds"}}, nil
	case spec.Slice:
		return s.list(t)
	case spec.Map:
		of, err := s.of(t.Elem)
		return append(object{{"type", []any{"object", "null"}}}.with("propertyNames", keys(t.Key)), member{"additionalProperties", of}), err
	case spec.Pointer:
		of, err := s.of(t.Elem)
		return orNull(of), err
	}
	return scalar(t)
}

// keys are those of a map as JSON has them, where not every text is one.
func keys(t *spec.Type) object {
	switch t.Kind {
	case spec.Int, spec.Int8, spec.Int16, spec.Int32, spec.Int64:
		return object{{"pattern", "^-?[0-9]+$"}}
	case spec.Uint, spec.Uint8, spec.Uint16, spec.Uint32, spec.Uint64:
		return object{{"pattern", "^[0-9]+$"}}
	}
	return nil
}

// quoted is a type in a field whose tag wants its JSON within a string. Only what is
// a bool, a number or a string, or points to one, heeds that.
func (s *schemas) quoted(t *spec.Type) (object, error) {
	if t.Kind == spec.Pointer && t.Name == "" {
		of, err := s.quoted(t.Elem)
		return orNull(of), err
	}
	of, err := s.of(t)
	switch t.Kind {
	case spec.StructT, spec.Any, spec.Text, spec.Time, spec.Bytes, spec.Slice, spec.Array, spec.Map, spec.Set, spec.Pointer:
		return of, err
	}
	if t.Text || t.JSON != "" && t.Kind != spec.String {
		return of, err
	}
	return object{{"type", "string"}, {"contentMediaType", "application/json"}, {"contentSchema", of}}, err
}

func orNull(of object) object { return object{{"anyOf", []any{of, object{{"type", "null"}}}}} }

// list is a slice; one of bytes by another name is text to encoding/json, too.
func (s *schemas) list(t *spec.Type) (object, error) {
	if t.Elem.JSON == "any" && t.Elem.Kind == spec.Uint8 {
		return object{{"description", "what the methods of " + t.Elem.Go + " make of its elements, or base64"}}, nil
	}
	if t.Elem.Kind == spec.Uint8 || t.Elem.Kind == spec.EnumT && !t.Elem.Text && t.Elem.Elem.Kind == spec.Uint8 {
		return object{{"type", []any{"string", "null"}}, {"contentEncoding", "base64"}}, nil
	}
	of, err := s.of(t.Elem)
	return object{{"type", []any{"array", "null"}}, {"items", of}}, err
}

// enum is a number with names, or text if the type says so.
func (s *schemas) enum(t *spec.Type) (object, error) {
	if t.Text {
		return object{{"type", "string"}}, nil
	}
	schema, err := scalar(t.Elem)
	for _, e := range s.svc.Enums {
		if e.PB != t.PB {
			continue
		}
		var names []string
		for _, v := range e.Values {
			names = append(names, fmt.Sprintf("%d is %s", v.Number, v.Name))
		}
		schema = append(schema, member{"description", strings.Join(names, ", ")})
	}
	return schema, err
}

// scalar is a type with one value.
func scalar(t *spec.Type) (object, error) {
	integer := func(format string, limits ...member) (object, error) {
		return append(object{{"type", "integer"}, {"format", format}}, limits...), nil
	}
	switch t.Kind {
	case spec.Bool:
		return object{{"type", "boolean"}}, nil
	case spec.String, spec.Text:
		return object{{"type", "string"}}, nil
	case spec.Int, spec.Int64:
		return integer("int64")
	case spec.Int32:
		return integer("int32")
	case spec.Int16:
		return integer("int16", member{"minimum", -1 << 15}, member{"maximum", 1<<15 - 1})
	case spec.Int8:
		return integer("int8", member{"minimum", -1 << 7}, member{"maximum", 1<<7 - 1})
	case spec.Uint, spec.Uint64:
		return integer("uint64", member{"minimum", 0})
	case spec.Uint32:
		return integer("uint32", member{"minimum", 0}, member{"maximum", 1<<32 - 1})
	case spec.Uint16:
		return integer("uint16", member{"minimum", 0}, member{"maximum", 1<<16 - 1})
	case spec.Uint8:
		return integer("uint8", member{"minimum", 0}, member{"maximum", 1<<8 - 1})
	case spec.Float32:
		return object{{"type", "number"}, {"format", "float"}}, nil
	case spec.Float64:
		return object{{"type", "number"}, {"format", "double"}}, nil
	case spec.Time:
		return object{{"type", "string"}, {"format", "date-time"}}, nil
	}
	return nil, errKind(t)
}

// inText is a type as a URL has it: the same, but for durations.
func (s *schemas) inText(t *spec.Type) (object, error) {
	if t.Kind == spec.Duration {
		return object{{"type", "string"}, {"pattern", durations}, {"description", "a number with its unit, as in 1.5s"}, {"examples", []any{"1.5s"}}}, nil
	}
	if t.Kind == spec.EnumT {
		return s.enum(t)
	}
	return scalar(t)
}

// durations are what time.ParseDuration takes.
const durations = `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// inQuery is a type as a query has it: a list is its key again and again, and what
// a pointer has not is not there.
func (s *schemas) inQuery(t *spec.Type) (object, error) {
	switch t.Kind {
	case spec.Slice:
		of, err := s.inText(t.Elem)
		return object{{"type", "array"}, {"items", of}}, err
	case spec.Pointer:
		return s.inText(t.Elem)
	}
	return s.inText(t)
}
