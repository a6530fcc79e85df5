package call

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// message is a request, made of values as HTTP has them.
func (ts types) message(d protoreflect.MessageDescriptor, shape spec.Message, fields []spec.Field, values map[string]any) (*dynamicpb.Message, error) {
	tree := ts.toProto(fields, values)
	if shape.Whole {
		whole := fields[0]
		object, _ := values[whole.JSON].(map[string]any) //nolint:errcheck // none given is an empty one
		tree = ts.toProto(ts.fields(pointed(whole.Type)), object)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(d)
	if err := (protojson.UnmarshalOptions{}).Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("make a %s: %w", d.FullName(), err)
	}
	return m, nil
}

// values is a response, as HTTP would have it.
func (ts types) values(shape spec.Message, fields []spec.Field, m proto.Message) (map[string]any, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	v, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	object, _ := v.(map[string]any) //nolint:errcheck // a message is nothing else
	if shape.Whole {
		whole := fields[0]
		return map[string]any{whole.JSON: ts.fromProto(ts.fields(pointed(whole.Type)), object)}, nil
	}
	return ts.fromProto(fields, object), nil
}

func pointed(t *spec.Type) *spec.Type {
	if t.Kind == spec.Pointer {
		return t.Elem
	}
	return t
}

// toProto is an object as protobuf's JSON has it: with the names of the .proto.
func (ts types) toProto(fields []spec.Field, values map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		if v, ok := values[f.JSON]; ok && v != nil {
			out[f.Proto] = ts.convert(f.Type, v, ts.toProto, outbound)
		}
	}
	return out
}

// fromProto is the way back.
func (ts types) fromProto(fields []spec.Field, object map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		out[f.JSON] = ts.convert(f.Type, object[f.Proto], ts.fromProto, inbound)
	}
	return out
}

// convert turns a value of type t from one form into the other; object and
// scalar do so for what is no list and no map.
func (ts types) convert(t *spec.Type, v any, object func([]spec.Field, map[string]any) map[string]any, scalar func(*spec.Type, any) any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = ts.convert(t.Elem, e, object, scalar)
		}
		return out
	case map[string]any:
		t = pointed(t)
		switch t.Kind {
		case spec.StructT:
			return object(ts.fields(t), v)
		case spec.Map:
			out := make(map[string]any, len(v))
			for key, e := range v {
				out[key] = ts.convert(t.Elem, e, object, scalar)
			}
			return out
		}
	}
	return scalar(pointed(t), v)
}

// outbound is a scalar as protobuf's JSON has it.
func outbound(t *spec.Type, v any) any {
	n, ok := v.(json.Number)
	if !ok || t.Kind != spec.Duration {
		return v
	}
	ns, err := n.Int64()
	if err != nil {
		return v
	}
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return fmt.Sprintf("%s%d.%09ds", sign, ns/int64(time.Second), ns%int64(time.Second))
}

// inbound is a scalar as HTTP's JSON has it: protobuf's writes numbers of 64
// bits as strings.
func inbound(t *spec.Type, v any) any {
	s, ok := v.(string)
	switch {
	case !ok:
		return v
	case bits(t) == 64:
		return json.Number(s)
	case t.Kind == spec.Duration:
		if d, err := time.ParseDuration(s); err == nil {
			return json.Number(strconv.FormatInt(d.Nanoseconds(), 10))
		}
	}
	return v
}
