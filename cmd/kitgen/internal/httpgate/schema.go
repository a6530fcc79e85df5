package httpgate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schema is a JSON Schema, as far as render uses it.
type schema struct {
	Ref    string `json:"$ref"`
	Type   words  `json:"type"`
	Format string `json:"format"`

	Pattern         string  `json:"pattern"`
	ContentEncoding string  `json:"contentEncoding"`
	ContentSchema   *schema `json:"contentSchema"` // of the JSON within a string

	Items    *schema `json:"items"`
	MaxItems *int    `json:"maxItems"` // the same as minItems, if there is one

	Properties           map[string]*schema `json:"properties"`
	Required             []string           `json:"required"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	PropertyNames        *schema            `json:"propertyNames"`

	AnyOf []*schema `json:"anyOf"`
}

// words are one or several.
type words []string

// UnmarshalJSON takes a string, or a list of them.
func (w *words) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(w))
	}
	*w = make(words, 1)
	return json.Unmarshal(text, &(*w)[0])
}

// value is what a schema says, seen through references and alternatives.
type value struct {
	*schema

	name string // of the component that it is; else empty
	null bool   // it may be null
}

const components = "#/components/schemas/"

// see looks a schema up. What it does not understand may be anything.
func (d *document) see(s *schema) value {
	v := value{schema: s}
	for range len(d.Components.Schemas) + 2 { // and no further, should references go in a circle
		switch {
		case v.schema == nil:
			return value{schema: &schema{}, null: true}
		case v.Ref != "":
			v.name = strings.TrimPrefix(v.Ref, components)
			v.schema = d.Components.Schemas[v.name]
		case len(v.AnyOf) == 2 && v.AnyOf[1] != nil && slices.Equal(v.AnyOf[1].Type, words{"null"}):
			v.null = true
			v.schema = v.AnyOf[0]
		default:
			v.null = v.null || len(v.Type) == 0 || slices.Contains(v.Type, "null")
			return v
		}
	}
	return value{schema: &schema{}, null: true}
}

// kind is the JSON type of v: "any" if that is open, "map" of an object with keys of
// the caller's.
func (v value) kind() string {
	i := slices.IndexFunc(v.Type, func(t string) bool { return t != "null" })
	switch {
	case i < 0:
		return "any"
	case v.Type[i] == "object" && v.AdditionalProperties != nil:
		return "map"
	}
	return v.Type[i]
}

// text is the type for people, which is the same for what is alike.
func (d *document) text(s *schema) string {
	v := d.see(s)
	if v.name != "" {
		return v.name // and not what it is made of, which may be itself
	}
	switch kind := v.kind(); kind {
	case "any":
		return "any JSON"
	case "array":
		if v.MaxItems != nil {
			return fmt.Sprintf("array of %d %s", *v.MaxItems, d.text(v.Items))
		}
		return "array of " + d.text(v.Items)
	case "map":
		return "map of " + d.text(v.AdditionalProperties)
	default:
		return kind + v.format(d)
	}
}

// format is what text there is, or number, in brackets.
func (v value) format(d *document) string {
	switch {
	case v.ContentSchema != nil:
		return " (of " + d.text(v.ContentSchema) + ")"
	case v.ContentEncoding != "":
		return " (" + v.ContentEncoding + ")"
	case v.Format != "":
		return " (" + v.Format + ")"
	case v.Pattern != "":
		return " (of a form)"
	}
	return ""
}

// keys are those of an object, in order.
func (v value) keys() []string { return slices.Sorted(maps.Keys(v.Properties)) }

// number is how a format of numbers is made up.
type number struct {
	bits             int
	unsigned, floats bool
}

var numbers = map[string]number{
	"int8": {bits: 8}, "int16": {bits: 16}, "int32": {bits: 32}, "int64": {bits: 64},
	"uint8": {bits: 8, unsigned: true}, "uint16": {bits: 16, unsigned: true}, "uint32": {bits: 32, unsigned: true}, "uint64": {bits: 64, unsigned: true},
	"float": {bits: 32, floats: true}, "double": {bits: 64, floats: true},
}

// within reports whether every number of one format is one of another; unknown ones
// have all numbers.
func within(from, to string) bool {
	f, known := numbers[from]
	t, bounded := numbers[to]
	switch {
	case !bounded || from == to:
		return true
	case !known:
		return false
	case t.floats != f.floats:
		return t.floats
	case f.unsigned == t.unsigned:
		return f.bits <= t.bits
	}
	return f.unsigned && f.bits < t.bits
}

// oneSign reports whether two formats have negative numbers both, or neither has.
func oneSign(a, b string) bool { return numbers[a].unsigned == numbers[b].unsigned }
