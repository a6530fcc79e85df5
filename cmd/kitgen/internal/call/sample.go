package call

import (
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// deep is how many values are made up within each other, at most.
const deep = 3

// sampleFields makes up an object.
func (ts types) sampleFields(fields []spec.Field, depth int) ordered {
	values := map[string]any{}
	for _, f := range fields {
		values[f.JSON] = ts.sample(f.Type, depth)
	}
	return ordered{fields, values}
}

// sample makes up a value of type t, as check takes it.
func (ts types) sample(t *spec.Type, depth int) any {
	if depth > deep && ts.mayBeNull(t) == nil {
		return nil
	}
	switch t.Kind {
	case spec.Pointer:
		return ts.sample(t.Elem, depth+1)
	case spec.Slice:
		return []any{ts.sample(t.Elem, depth+1)}
	case spec.Array:
		list := make([]any, t.Len)
		for i := range list {
			list[i] = ts.sample(t.Elem, depth+1)
		}
		return list
	case spec.Map:
		return map[string]any{fmt.Sprint(ts.sample(t.Key, depth+1)): ts.sample(t.Elem, depth+1)}
	case spec.Set:
		return map[string]any{fmt.Sprint(ts.sample(t.Elem, depth+1)): map[string]any{}}
	case spec.StructT:
		return ts.sampleFields(ts.fields(t), depth+1)
	case spec.EnumT:
		return ts.sampleEnum(t)
	}
	return sampleScalar(t)
}

// sampleEnum is a value by its name, which over HTTP is a number unless the enum has
// a text of its own, which nobody here knows.
func (ts types) sampleEnum(t *spec.Type) any {
	if values := ts.enum(t).Values; len(values) > 0 && !t.Text {
		return values[0].Name
	}
	return "text"
}

func sampleScalar(t *spec.Type) any {
	switch t.Kind {
	case spec.Bool:
		return true
	case spec.Bytes:
		return "AAE="
	case spec.Time:
		return "2006-01-02T15:04:05Z"
	case spec.Duration:
		return "1.5s"
	case spec.Any:
		return nil
	}
	if strings.HasPrefix(string(t.Kind), "float") || bits(t) != 0 {
		return 1
	}
	return "text"
}
