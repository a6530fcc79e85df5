package call

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// reflected is a callee by what a server says of itself. Its values are what
// protobuf has as JSON.
type reflected struct {
	protoreflect.MethodDescriptor
	known *dynamicpb.Types
}

func (r reflected) about() about {
	a := about{Service: string(r.Parent().FullName()), Method: string(r.Name()), StreamIn: r.IsStreamingClient(), StreamOut: r.IsStreamingServer(), limit: -1}
	if o, ok := r.Options().(*descriptorpb.MethodOptions); ok {
		a.again = o.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN && !a.StreamIn
	}
	var words []string
	for f := range each(r.Input().Fields()) {
		words = append(words, f.JSONName()+"="+strings.ToUpper(typeOf(f)))
		a.needs = a.needs || !f.HasPresence() && !f.IsList() && !f.IsMap()
	}
	if a.StreamIn {
		a.element, a.needs = strings.Join(words, " "), false
	} else {
		a.Arguments = words
	}
	return a
}

// each ranges over fields.
func each(fields protoreflect.FieldDescriptors) func(func(protoreflect.FieldDescriptor) bool) {
	return func(yield func(protoreflect.FieldDescriptor) bool) {
		for i := range fields.Len() {
			if !yield(fields.Get(i)) {
				return
			}
		}
	}
}

// typeOf is the type of a field as a .proto has it, without its package.
func typeOf(f protoreflect.FieldDescriptor) string {
	one := func(f protoreflect.FieldDescriptor) string {
		switch {
		case f.Message() != nil:
			return string(f.Message().Name())
		case f.Enum() != nil:
			return string(f.Enum().Name())
		}
		return f.Kind().String()
	}
	switch {
	case f.IsMap():
		return "map[" + one(f.MapKey()) + "]" + one(f.MapValue())
	case f.IsList():
		return "[]" + one(f)
	}
	return one(f)
}

func (r reflected) example() (json.RawMessage, error) {
	m := dynamicpb.NewMessage(r.Input())
	fill(m, 0)
	return r.text(m)
}

func (r reflected) request(words []string, data input) (any, error) {
	if r.IsStreamingClient() {
		if len(words) > 0 {
			return nil, refuse(r.about(), "%s: all that the method takes is in its stream", words[0])
		}
		return (*dynamicpb.Message)(nil), nil
	}
	m, err := r.read(data)
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		more, err := r.word(word)
		if err != nil {
			return nil, refuse(r.about(), "%s: %v", word, err)
		}
		proto.Merge(m, more)
	}
	return m, nil
}

func (r reflected) item(line input) (any, error) {
	m, err := r.read(line)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// read makes a message of JSON.
func (r reflected) read(in input) (*dynamicpb.Message, error) {
	m := dynamicpb.NewMessage(r.Input())
	object, err := in.object()
	if err != nil {
		return nil, refuse(r.about(), "%v", err)
	}
	if in.text == "" {
		return m, nil
	}
	if err := checkNames(m.Descriptor(), object); err != nil {
		return nil, refuse(r.about(), "%v", in.errorf("%w", err))
	}
	if err := r.unmarshal([]byte(in.text), m); err != nil {
		where, why, placed := strings.Cut(strings.TrimPrefix(err.Error(), "(line "), "): ")
		if !placed {
			return nil, refuse(r.about(), "%v", in.errorf("%w", err))
		}
		row, column, _ := strings.Cut(where, ":")
		if row == "1" && in.line > 0 {
			where = fmt.Sprintf("%d:%s", in.line+1, column)
		}
		return nil, refuse(r.about(), "%v", in.errorf("%s: %s", where, why))
	}
	return m, nil
}

// unmarshal has errors without the random spaces by which protobuf keeps others from
// comparing them.
func (r reflected) unmarshal(text []byte, m proto.Message) error {
	if err := (protojson.UnmarshalOptions{Resolver: r.known}).Unmarshal(text, m); err != nil {
		return protobufError(strings.TrimSpace(strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")))
	}
	return nil
}

type protobufError string

func (e protobufError) Error() string { return string(e) }

// word makes a message of one argument.
func (r reflected) word(word string) (*dynamicpb.Message, error) {
	name, text, err := cut(word)
	if err != nil {
		return nil, err
	}
	f, err := member(r.Input(), name)
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(r.Input())
	object, err := json.Marshal(map[string]json.RawMessage{f.JSONName(): written(f, text)})
	if err != nil {
		return nil, err
	}
	if err := r.unmarshal(object, m); err != nil {
		_, why, placed := strings.Cut(err.Error(), "): ")
		if placed {
			err = protobufError(why)
		}
		return nil, err
	}
	return m, nil
}

func (r reflected) job(request any, more items) any {
	in, _ := request.(*dynamicpb.Message) // see request
	return rpc{r.MethodDescriptor, r.text}.job(in, more)
}

// text is a message as JSON, with the fields that are zero, in one line.
func (r reflected) text(m *dynamicpb.Message) (json.RawMessage, error) {
	spaced, err := protojson.MarshalOptions{EmitDefaultValues: true, Resolver: r.known}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = json.Compact(&text, spaced)
	return text.Bytes(), err
}
