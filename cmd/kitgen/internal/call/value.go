package call

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/typo"
)

// types checks and converts values by the types of one service.
type types struct{ svc *spec.Service }

// parse reads what was typed for a value of type t: a scalar as it is, a list as
// its elements with commas between, and anything as JSON.
func (ts types) parse(t *spec.Type, text string) (any, error) {
	switch t.Kind {
	case spec.Pointer:
		if text == "null" {
			return ts.check(t, nil)
		}
		return ts.parse(t.Elem, text)
	case spec.String, spec.Text, spec.Bytes, spec.Time, spec.Duration:
		return ts.check(t, text)
	case spec.Any, spec.EnumT:
		v, err := readJSON([]byte(text))
		if err != nil {
			v = text // the name of a value, or simply text
		}
		return ts.check(t, v)
	case spec.Slice, spec.Array:
		if text != "null" && !strings.HasPrefix(strings.TrimSpace(text), "[") {
			return ts.parseList(t, text)
		}
	}
	v, err := readJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%q is no %s", text, noun(t))
	}
	return ts.check(t, v)
}

func (ts types) parseList(t *spec.Type, text string) (any, error) {
	list := []any{}
	if text == "" {
		return list, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		v, err := ts.parse(t.Elem, strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// check is v as a value of type t, in the form that JSON over HTTP has.
func (ts types) check(t *spec.Type, v any) (any, error) {
	if v == nil {
		return nil, ts.mayBeNull(t)
	}
	switch t.Kind {
	case spec.Pointer:
		return ts.check(t.Elem, v)
	case spec.Slice, spec.Array:
		return ts.checkList(t, v)
	case spec.Map, spec.Set:
		return ts.checkMap(t, v)
	case spec.StructT:
		return ts.checkStruct(t, v)
	case spec.EnumT:
		return ts.checkEnum(t, v)
	case spec.Bool:
		if _, ok := v.(bool); ok {
			return v, nil
		}
	case spec.Float32, spec.Float64:
		return number(t, v)
	case spec.Duration:
		return duration(t, v)
	case spec.String, spec.Text, spec.Bytes, spec.Time:
		return text(t, v)
	default:
		if bits(t) != 0 {
			return number(t, v)
		}
		return v, nil // the service will say
	}
	return nil, wrong(t, v)
}

func (ts types) mayBeNull(t *spec.Type) error {
	switch t.Kind {
	case spec.Pointer, spec.Slice, spec.Map, spec.Set, spec.Bytes, spec.Any:
		return nil
	}
	return wrong(t, nil)
}

func (ts types) checkList(t *spec.Type, v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, wrong(t, v)
	}
	if t.Kind == spec.Array && len(list) != t.Len {
		return nil, fmt.Errorf("%d elements are no %s", len(list), t.Go)
	}
	out := make([]any, len(list))
	for i, e := range list {
		checked, err := ts.check(t.Elem, e)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		out[i] = checked
	}
	return out, nil
}

func (ts types) checkMap(t *spec.Type, v any) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, wrong(t, v)
	}
	keys, elems := t.Key, t.Elem
	if t.Kind == spec.Set { // {"a":{},"b":{}}
		keys, elems = t.Elem, &spec.Type{Kind: spec.StructT, Go: "struct{}"}
	}
	out := make(map[string]any, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if _, err := ts.parse(keys, key); err != nil {
			return nil, fmt.Errorf("key %w", err)
		}
		checked, err := ts.check(elems, object[key])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out[key] = checked
	}
	return out, nil
}

func (ts types) checkStruct(t *spec.Type, v any) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, wrong(t, v)
	}
	return ts.checkFields(ts.fields(t), object)
}

// checkFields checks the members of an object.
func (ts types) checkFields(fields []spec.Field, object map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		f, err := field(fields, key)
		if err != nil {
			return nil, err
		}
		if out[f.JSON], err = ts.check(f.Type, object[key]); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return out, nil
}

// fields are those of a struct.
func (ts types) fields(t *spec.Type) []spec.Field {
	for _, s := range ts.svc.Structs {
		if s.PB == t.PB {
			return s.Fields
		}
	}
	return nil
}

// field finds one by a name that a user may know it by.
func field(fields []spec.Field, name string) (spec.Field, error) {
	var names []string
	for _, f := range fields {
		if f.JSON == name || f.Name == name {
			return f, nil
		}
		names = append(names, f.JSON)
	}
	return spec.Field{}, noField(name, names)
}

// noField says that there is none of that name, and what was probably meant.
func noField(name string, names []string) error {
	switch near := typo.Nearest(name, names); {
	case near != "":
		return fmt.Errorf("there is no %q; did you mean %s?", name, near)
	case len(names) == 0:
		return fmt.Errorf("there is no %q, nor anything else to give", name)
	}
	return fmt.Errorf("there is no %q; there are %s", name, strings.Join(names, ", "))
}

// checkEnum is the number of a value that is given by its name, in Go or in the
// .proto, or by that number. One that is text to encoding/json stays text, which
// only its type can judge.
func (ts types) checkEnum(t *spec.Type, v any) (any, error) {
	name, ok := v.(string)
	if !ok {
		return number(&spec.Type{Kind: spec.Int32, Go: t.Go}, v)
	}
	if t.Text {
		return name, nil // the service will say
	}
	if n, ok := ts.named(t, name); ok {
		return n, nil
	}
	var names []string
	for _, e := range ts.enum(t).Values {
		names = append(names, e.Name)
	}
	if near := typo.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("%q is no %s; did you mean %s?", name, t.Go, near)
	}
	return nil, fmt.Errorf("%q is no %s; there are %s", name, t.Go, strings.Join(names, ", "))
}

// named is the number of the value of an enum that has a name.
func (ts types) named(t *spec.Type, name string) (json.Number, bool) {
	for _, e := range ts.enum(t).Values {
		if t.Kind == spec.EnumT && (e.Name == name || e.Proto == name) {
			return json.Number(strconv.Itoa(int(e.Number))), true
		}
	}
	return "", false
}

func (ts types) enum(t *spec.Type) spec.Enum {
	for _, e := range ts.svc.Enums {
		if e.PB == t.PB {
			return e
		}
	}
	return spec.Enum{}
}

// number is v as a number that fits t.
func number(t *spec.Type, v any) (any, error) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, wrong(t, v)
	}
	var err error
	switch {
	case t.Kind == spec.Float32:
		_, err = strconv.ParseFloat(n.String(), 32)
	case t.Kind == spec.Float64:
		_, err = strconv.ParseFloat(n.String(), 64)
	case strings.HasPrefix(string(t.Kind), "u"):
		_, err = strconv.ParseUint(n.String(), 10, bits(t))
	default:
		_, err = strconv.ParseInt(n.String(), 10, bits(t))
	}
	if err != nil {
		return nil, wrong(t, n)
	}
	return n, nil
}

// bits is the size of an integer, 0 if t is none.
func bits(t *spec.Type) int {
	sizes := map[spec.Kind]int{
		spec.Int: 64, spec.Int8: 8, spec.Int16: 16, spec.Int32: 32, spec.Int64: 64,
		spec.Uint: 64, spec.Uint8: 8, spec.Uint16: 16, spec.Uint32: 32, spec.Uint64: 64,
	}
	return sizes[t.Kind]
}

// duration is v in nanoseconds, as encoding/json has a time.Duration.
func duration(t *spec.Type, v any) (any, error) {
	if s, ok := v.(string); ok {
		d, err := time.ParseDuration(s)
		if err != nil {
			return nil, wrong(t, v)
		}
		return json.Number(strconv.FormatInt(d.Nanoseconds(), 10)), nil
	}
	return number(&spec.Type{Kind: spec.Int64, Go: t.Go}, v)
}

// text is a string that t can be read from.
func text(t *spec.Type, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(t, v)
	}
	var err error
	switch t.Kind {
	case spec.Bytes:
		_, err = base64.StdEncoding.DecodeString(s)
	case spec.Time:
		_, err = time.Parse(time.RFC3339Nano, s)
	}
	if err != nil {
		return nil, wrong(t, v)
	}
	return s, nil
}

func wrong(t *spec.Type, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is no %s", text, noun(t))
}

// noun says what a value of t looks like.
func noun(t *spec.Type) string {
	switch t.Kind {
	case spec.Pointer:
		return noun(t.Elem)
	case spec.Slice, spec.Array:
		return "list of " + t.Elem.Go + ", such as [1, 2] in JSON"
	case spec.Map, spec.Set, spec.StructT:
		return t.Go + ", an object in JSON"
	case spec.Bytes:
		return t.Go + ", which is written in base64"
	case spec.Time:
		return t.Go + ", such as 2006-01-02T15:04:05Z"
	case spec.Duration:
		return t.Go + ", such as 1.5s"
	}
	return t.Go
}
