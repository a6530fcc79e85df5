package spec

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// nameMessages asks protogen for the Go name of every message field: its rules
// for clashes (Reset, GetX beside X, optional fields) are its own business.
// Of the fields, only names and order matter for that, and which are optional.
func (l *loader) nameMessages() error {
	file := &descriptorpb.FileDescriptorProto{
		Name: new("names.proto"), Package: new("names"), Syntax: new("proto3"),
		Options: &descriptorpb.FileOptions{GoPackage: new("example.com/names")},
	}
	var lists [][]Field
	add := func(message string, fields []Field) {
		file.MessageType = append(file.MessageType, outline(message, fields))
		lists = append(lists, fields)
	}
	for _, m := range l.svc.Methods {
		if !m.In.Whole {
			add(m.In.PB, m.Params)
		}
		if !m.Out.Whole {
			add(m.Out.PB, m.Results)
		}
	}
	for _, s := range l.svc.Structs {
		add(s.PB, s.Fields)
	}
	gen, err := protogen.Options{}.New(&pluginpb.CodeGeneratorRequest{ProtoFile: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		return fmt.Errorf("name message fields: %w", err)
	}
	for i, msg := range gen.FilesByPath[file.GetName()].Messages {
		for j, f := range msg.Fields {
			lists[i][j].PB = f.GoName
		}
	}
	return nil
}

// outline is a message with all fields of one type.
func outline(name string, fields []Field) *descriptorpb.DescriptorProto {
	msg := &descriptorpb.DescriptorProto{Name: &name}
	for i, f := range fields {
		fd := &descriptorpb.FieldDescriptorProto{
			Name: new(f.Proto), Number: new(int32(i + 1)),
			Type:  descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
		if f.Type.Optional() {
			fd.Proto3Optional = new(true)
			fd.OneofIndex = new(int32(len(msg.OneofDecl)))
			msg.OneofDecl = append(msg.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: new("_" + f.Proto)})
		}
		msg.Field = append(msg.Field, fd)
	}
	return msg
}
