package call

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// decodeFields is the way back of encodeFields.
func (ts types) decodeFields(fields []spec.Field, object map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		out[f.JSON] = ts.decode(f.Type, object[f.Proto])
	}
	return out
}

// decode is v, a value of type t in protobuf's JSON, as JSON over HTTP has it.
func (ts types) decode(t *spec.Type, v any) any {
	if t.Wrap != "" {
		inner := *t
		inner.Wrap = ""
		object, _ := v.(map[string]any) // a message is nothing else
		return ts.decode(&inner, object[ts.wrapper(t).Proto])
	}
	if v == nil {
		return ts.zero(t)
	}
	t = pointed(t)
	switch v := v.(type) {
	case map[string]any:
		return ts.decodeObject(t, v)
	case []any:
		return ts.decodeList(t, v)
	case string:
		return decodeText(t, v)
	}
	return v
}

// zero is a value that is not in the message.
func (ts types) zero(t *spec.Type) any {
	switch t.Kind {
	case spec.Pointer, spec.Any:
		return nil
	case spec.Bool:
		return false
	case spec.String, spec.Text, spec.Bytes:
		return ""
	case spec.Time:
		return time.Time{}
	case spec.Slice:
		return []any{}
	case spec.Array:
		list := make([]any, t.Len)
		for i := range list {
			list[i] = ts.zero(t.Elem)
		}
		return list
	case spec.Map, spec.Set:
		return map[string]any{}
	case spec.StructT:
		return ordered{ts.fields(t), ts.decodeFields(ts.fields(t), nil)}
	}
	return 0
}

func (ts types) decodeObject(t *spec.Type, v map[string]any) any {
	switch t.Kind {
	case spec.StructT:
		return ordered{ts.fields(t), ts.decodeFields(ts.fields(t), v)}
	case spec.Map:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = ts.decode(t.Elem, e)
		}
		return out
	}
	return v // any
}

func (ts types) decodeList(t *spec.Type, v []any) any {
	if t.Kind == spec.Set {
		out := make(map[string]any, len(v))
		for _, key := range v {
			out[fmt.Sprint(key)] = map[string]any{}
		}
		return out
	}
	switch {
	case t.Elem == nil:
		return v // any
	case t.Kind == spec.Array && len(v) == 0:
		return ts.zero(t)
	}
	out := make([]any, len(v))
	for i, e := range v {
		out[i] = ts.decode(t.Elem, e)
	}
	return out
}

// decodeText is what protobuf's JSON has in quotes: among others, numbers of 64
// bits.
func decodeText(t *spec.Type, v string) any {
	switch {
	case bits(t) == 64:
		return json.Number(v)
	case t.Kind == spec.Duration:
		if d, err := time.ParseDuration(v); err == nil {
			return json.Number(strconv.FormatInt(d.Nanoseconds(), 10))
		}
	case t.IsBytes():
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return v
		}
		list := make([]any, max(len(b), t.Len)) // none at all is all zero
		for i := range list {
			list[i] = 0
		}
		for i := range b {
			list[i] = b[i]
		}
		return list
	}
	return v
}
