package fromproto

import (
	"bytes"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// lock prints what the next .proto must not contradict. It is read by nothing
// but protogen.Proto, so it has no imports.
func (r *reader) lock(s protoreflect.ServiceDescriptor, calls []*call) []byte {
	var w bytes.Buffer
	fmt.Fprintf(&w, "syntax = \"proto3\";\n\npackage %s;\n\nservice %s {\n", r.file.Package(), s.Name())
	var empty []string
	for _, c := range calls {
		fmt.Fprintf(&w, "  rpc %s(%s) returns (%s);\n", c.desc.Name(), stream(c.desc.IsStreamingClient(), c.in.message), stream(c.desc.IsStreamingServer(), c.out.message))
		for _, side := range []side{c.in, c.out} {
			if side.desc.FullName() == "google.protobuf.Empty" {
				empty = append(empty, side.message)
			}
		}
	}
	w.WriteString("}\n")
	for _, name := range empty {
		fmt.Fprintf(&w, "\nmessage %s {}\n", name)
	}
	for _, m := range r.messages {
		r.printMessage(&w, m)
	}
	for _, e := range r.enums {
		fmt.Fprintf(&w, "\nenum %s {\n", e.golang)
		ranges := e.desc.ReservedRanges()
		for i := range ranges.Len() {
			fmt.Fprintf(&w, "  reserved %d to %d;\n", ranges.Get(i)[0], ranges.Get(i)[1])
		}
		for i, name := range e.values {
			if name != "" {
				fmt.Fprintf(&w, "  %s = %d;\n", spec.EnumValueName(e.golang, name), e.desc.Values().Get(i).Number())
			}
		}
		w.WriteString("}\n")
	}
	return w.Bytes()
}

func stream(streams bool, message string) string {
	if streams {
		return "stream " + message
	}
	return message
}

func (r *reader) printMessage(w *bytes.Buffer, m *message) {
	fmt.Fprintf(w, "\nmessage %s {\n", m.proto)
	ranges := m.desc.ReservedRanges()
	for i := range ranges.Len() {
		span := ranges.Get(i) // its end is not part of it
		fmt.Fprintf(w, "  reserved %d to %d;\n", span[0], span[1]-1)
	}
	for i := range m.desc.ReservedNames().Len() {
		name := string(m.desc.ReservedNames().Get(i))
		if m.desc.Fields().ByName(protoreflect.Name(name)) == nil {
			fmt.Fprintf(w, "  reserved %s;\n", strconv.Quote(name))
		}
	}
	for i := range m.desc.Fields().Len() {
		f := m.desc.Fields().Get(i)
		fmt.Fprintf(w, "  %s %s = %d;\n", r.protoType(f), spec.ProtoName(spec.FieldName(string(f.Name()))), f.Number())
	}
	w.WriteString("}\n")
}
