package call

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// A server gives its fields whatever names in JSON it likes.
func TestWhatAServerSaysOfItselfIsOnlyShown(t *testing.T) {
	f, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("odd.proto"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("M"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: new("a"), JsonName: new("a\x1b[2J\u009b"), Number: new(int32(1)),
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name:   new("Odd"),
			Method: []*descriptorpb.MethodDescriptorProto{{Name: new("Do"), InputType: new(".M"), OutputType: new(".M")}},
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := reflected{f.Services().Get(0).Methods().Get(0), nil}
	var text, line, example bytes.Buffer
	if err := list(&console.Console{Out: &text}, []about{r.about()}); err != nil {
		t.Error(err)
	}
	if err := list(&console.Console{Out: &line, JSON: true}, []about{r.about()}); err != nil {
		t.Error(err)
	}
	if err := (&run{con: &console.Console{Out: &example}}).wanting(r); err == nil {
		t.Error("an example is as good as a request")
	}
	for _, printed := range []*bytes.Buffer{&text, &line, &example} {
		if printed.Len() == 0 || bytes.ContainsAny(printed.Bytes(), "\x1b\u009b") {
			t.Errorf("it printed %q", printed)
		}
	}
}
