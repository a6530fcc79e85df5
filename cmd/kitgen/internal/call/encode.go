package call

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// encodeFields is an object as protobuf's JSON has it: with the names of the
// .proto.
func (ts types) encodeFields(fields []spec.Field, values map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		if v, ok := values[f.JSON]; ok && v != nil {
			out[f.Proto] = ts.encode(f.Type, v)
		}
	}
	return out
}

// encode is v, a value of type t that was checked, as protobuf's JSON has it.
func (ts types) encode(t *spec.Type, v any) any {
	if t.Wrap != "" {
		return ts.wrap(t, v)
	}
	t = pointed(t)
	switch v := v.(type) {
	case map[string]any:
		return ts.encodeObject(t, v)
	case []any:
		return ts.encodeList(t, v)
	case json.Number:
		if t.Kind == spec.Duration {
			return seconds(v)
		}
	case string:
		if n, ok := ts.named(t, v); ok {
			return n
		}
	}
	return v
}

// wrap puts an element into the message that it has around it in the .proto.
func (ts types) wrap(t *spec.Type, v any) any {
	inner := *t
	inner.Wrap = ""
	if v == nil {
		return map[string]any{}
	}
	return map[string]any{ts.wrapper(t).Proto: ts.encode(&inner, v)}
}

func (ts types) wrapper(t *spec.Type) spec.Field {
	for _, w := range ts.svc.Wrappers {
		if w.PB == t.Wrap {
			return w.Field
		}
	}
	return spec.Field{}
}

func (ts types) encodeObject(t *spec.Type, v map[string]any) any {
	switch t.Kind {
	case spec.StructT:
		return ts.encodeFields(ts.fields(t), v)
	case spec.Set:
		return slices.Sorted(maps.Keys(v))
	case spec.Map:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = ts.encode(t.Elem, e)
		}
		return out
	}
	return v // any
}

func (ts types) encodeList(t *spec.Type, v []any) any {
	if t.IsBytes() {
		return base64.StdEncoding.EncodeToString(bytesOf(v))
	}
	if t.Elem == nil {
		return v // any
	}
	out := make([]any, len(v))
	for i, e := range v {
		out[i] = ts.encode(t.Elem, e)
	}
	return out
}

func bytesOf(numbers []any) []byte {
	out := make([]byte, len(numbers))
	for i, n := range numbers {
		if n, ok := n.(json.Number); ok {
			b, _ := n.Int64() // it was checked
			out[i] = byte(b)
		}
	}
	return out
}

// seconds is a duration as protobuf's JSON has it.
func seconds(v json.Number) any {
	ns, err := v.Int64()
	if err != nil {
		return v
	}
	whole, rest := ns/int64(time.Second), ns%int64(time.Second)
	sign := ""
	if ns < 0 { // but the least one has no opposite
		sign, whole, rest = "-", -whole, -rest
	}
	return fmt.Sprintf("%s%d.%09ds", sign, whole, rest)
}
