package spec

import (
	"go/types"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, exported, snake, fold string }{
		{"a", "A", "a", "a"},
		{"userID", "UserID", "user_id", "userid"},
		{"user_id", "UserID", "user_id", "userid"},
		{"id", "ID", "id", "id"},
		{"userId", "UserId", "user_id", "userid"},
		{"HTTPServer", "HTTPServer", "http_server", "httpserver"},
		{"a1B2", "A1B2", "a1_b2", "a1b2"},
		{"_x", "X", "x", "x"},
		{"type_", "Type", "type", "type"},
		{"a__b", "AB", "a_b", "ab"},
		{"_1", "X1", "x1", "1"},
		{"X", "X", "x", "x"},
		{"aURLs", "AURLs", "a_ur_ls", "aurls"},
	} {
		if got := exported(tt.name); got != tt.exported {
			t.Errorf("exported(%s) = %s, want %s", tt.name, got, tt.exported)
		}
		if got := snake(tt.name); got != tt.snake {
			t.Errorf("snake(%s) = %s, want %s", tt.name, got, tt.snake)
		}
		if got := fold(tt.name); got != tt.fold {
			t.Errorf("fold(%s) = %s, want %s", tt.name, got, tt.fold)
		}
	}
}

func TestFieldName(t *testing.T) {
	named := func(name string) types.Type {
		return types.NewNamed(types.NewTypeName(0, nil, name, nil), types.Typ[types.String], nil)
	}
	for _, tt := range []struct {
		param string
		typ   types.Type
		want  string
	}{
		{"isbn", named("ISBN"), "ISBN"},
		{"isbn", types.NewPointer(named("ISBN")), "Isbn"},
		{"isbn", named("isbn"), "Isbn"},
		{"book", named("ISBN"), "Book"},
		{"isbn", types.Typ[types.String], "Isbn"},
	} {
		if got := fieldName(tt.param, tt.typ); got != tt.want {
			t.Errorf("fieldName(%s, %s) = %s, want %s", tt.param, tt.typ, got, tt.want)
		}
	}
}

// protogenName is what protoc-gen-go calls a message.
func protogenName(name string) (string, error) {
	gen, err := protogen.Options{}.New(&pluginpb.CodeGeneratorRequest{ProtoFile: []*descriptorpb.FileDescriptorProto{{
		Name: new("a.proto"), Syntax: new("proto3"),
		Options:     &descriptorpb.FileOptions{GoPackage: new("example.com/a")},
		MessageType: []*descriptorpb.DescriptorProto{{Name: &name}},
	}}})
	if err != nil {
		return "", err
	}
	return gen.FilesByPath["a.proto"].Messages[0].GoIdent.GoName, nil
}

// FuzzCamel compares camel with protoc-gen-go. Names that no .proto can have
// do not matter.
func FuzzCamel(f *testing.F) {
	for _, name := range []string{"User", "user", "_user", "get_user", "Get_User", "a1b", "A__b", "x_1", "a_", "ABC_d", "_", "__a"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		want, err := protogenName(name)
		if err != nil || !ascii(name) {
			t.Skip()
		}
		if got := camel(name); got != want {
			t.Errorf("camel(%q) = %q, protoc-gen-go has %q", name, got, want)
		}
		// Messages are declared under their Go name, which must not change again.
		if again := camel(camel(name)); again != camel(name) && name[0] != '_' {
			t.Errorf("camel(%q) = %q, and of that %q", name, camel(name), again)
		}
	})
}
