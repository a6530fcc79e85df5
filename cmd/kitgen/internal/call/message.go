package call

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// message is a request, made of values as HTTP has them.
func (ts types) message(d protoreflect.MessageDescriptor, shape spec.Message, fields []spec.Field, values map[string]any) (*dynamicpb.Message, error) {
	tree := ts.encodeFields(fields, values)
	if shape.Whole {
		whole := fields[0]
		object, _ := values[whole.JSON].(map[string]any) // none given is an empty one
		tree = ts.encodeFields(ts.fields(pointed(whole.Type)), object)
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
	text, err := protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true, EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	v, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	object, _ := v.(map[string]any) // a message is nothing else
	if shape.Whole {
		whole := fields[0]
		return map[string]any{whole.JSON: ts.decodeObject(pointed(whole.Type), object)}, nil
	}
	return ts.decodeFields(fields, object), nil
}

func pointed(t *spec.Type) *spec.Type {
	if t.Kind == spec.Pointer {
		return t.Elem
	}
	return t
}
