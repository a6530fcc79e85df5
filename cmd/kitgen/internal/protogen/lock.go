package protogen

import (
	"bytes"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// lock is the committed .proto and what a new one must not contradict in it.
type lock struct {
	file     string // base name of the .proto, for messages
	messages []message
	problems spec.Problems
}

// parseLock reads the committed .proto; an empty one locks nothing.
func parseLock(svc *spec.Service, old []byte) (*lock, error) {
	l := &lock{file: svc.Name + ".proto"}
	if len(bytes.TrimSpace(old)) == 0 {
		return l, nil
	}
	fd, err := parse(ProtoPath(svc), old)
	if err != nil {
		return nil, err
	}
	if want := svc.ProtoPackage; fd.GetPackage() != want {
		return nil, spec.Problems{{
			Pos: svc.File + ":1:1", Code: "KG060",
			Msg: "the committed " + l.file + " is of package " + fd.GetPackage() + ", the service would be " + want + ", and callers know it by the former",
			Fix: "write //kit:proto package=" + fd.GetPackage() + " above the interface, or start a new contract with kitgen generate --break-wire",
		}}
	}
	for _, m := range fd.GetMessageType() {
		l.messages = append(l.messages, locked(m, fd.GetPackage()))
	}
	return l, nil
}

func parse(path string, text []byte) (*descriptorpb.FileDescriptorProto, error) {
	var c complaints
	handler := reporter.NewHandler(reporter.NewReporter(c.keep, nil))
	node, err := parser.Parse(path, bytes.NewReader(text), handler)
	if len(c) > 0 {
		return nil, c.problems()
	}
	if err != nil {
		return nil, err
	}
	result, err := parser.ResultFromAST(node, true, handler)
	if len(c) > 0 {
		return nil, c.problems()
	}
	if err != nil {
		return nil, err
	}
	return result.FileDescriptorProto(), nil
}

// locked reads one message back to what was printed.
func locked(m *descriptorpb.DescriptorProto, pkg string) message {
	out := message{name: m.GetName(), reserved: reserved{names: m.GetReservedName()}}
	for _, r := range m.GetReservedRange() {
		out.reserved.spans = append(out.reserved.spans, span{r.GetStart(), r.GetEnd() - 1})
	}
	entries := make(map[string]*descriptorpb.DescriptorProto)
	for _, n := range m.GetNestedType() {
		if n.GetOptions().GetMapEntry() {
			entries[n.GetName()] = n
		}
	}
	for _, f := range m.GetField() {
		out.fields = append(out.fields, field{name: f.GetName(), number: f.GetNumber(), typ: lockedType(f, entries, pkg)})
	}
	return out
}

// lockedType is what protoType printed for a field that was read back.
func lockedType(f *descriptorpb.FieldDescriptorProto, entries map[string]*descriptorpb.DescriptorProto, pkg string) string {
	name := strings.TrimPrefix(f.GetTypeName(), ".")
	name = strings.TrimPrefix(name, pkg+".")
	if f.GetTypeName() == "" {
		name = strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
	}
	if e := entries[name[strings.LastIndexByte(name, '.')+1:]]; e != nil && f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED {
		return "map<" + lockedType(e.GetField()[0], nil, pkg) + ", " + lockedType(e.GetField()[1], nil, pkg) + ">"
	}
	switch {
	case f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED:
		return "repeated " + name
	case f.GetProto3Optional():
		return "optional " + name
	}
	return name
}

// carry is a message with the numbers its fields had.
func (l *lock) carry(name string, doc []string, fields []spec.Field) message {
	m := message{name: name, doc: doc}
	var before []field
	if i := slices.IndexFunc(l.messages, func(m message) bool { return m.name == name }); i >= 0 {
		before, m.reserved = l.messages[i].fields, l.messages[i].reserved
	}
	highest := int32(0)
	for _, was := range before {
		highest = max(highest, was.number)
		if !slices.ContainsFunc(fields, func(f spec.Field) bool { return f.Proto == was.name }) {
			m.reserved.add(was.name, was.number)
		}
	}
	for _, f := range fields {
		out := field{doc: f.Doc, typ: protoType(f.Type), name: f.Proto}
		if i := slices.IndexFunc(before, func(was field) bool { return was.name == f.Proto }); i >= 0 {
			out.number = before[i].number
			l.compare(name, f, before[i], out)
		} else {
			highest = m.reserved.next(highest)
			out.number = highest
			// The name comes back with another number, so that no number gets a second meaning.
			m.reserved.names = slices.DeleteFunc(m.reserved.names, func(n string) bool { return n == f.Proto })
		}
		if out.number > maxNumber {
			l.problems = append(l.problems, spec.Problem{Pos: f.Pos, Code: "KG060",
				Msg: l.file + " reserves all numbers that are left for message " + name, Fix: "narrow the reserved range"})
		}
		m.fields = append(m.fields, out)
	}
	return m
}

// compare refuses a type that peers with the old code would misread. A field
// that becomes optional, or no longer is, looks the same on the wire.
func (l *lock) compare(message string, f spec.Field, was, is field) {
	plain := func(typ string) string { return strings.TrimPrefix(typ, "optional ") }
	if plain(was.typ) == plain(is.typ) {
		return
	}
	l.problems = append(l.problems, spec.Problem{
		Pos: f.Pos, Code: "KG060",
		Msg: f.Name + " is " + is.typ + " now (Go " + f.Type.Go + "), but " + was.typ + " in the committed " + l.file +
			" (" + message + "." + was.name + "), and callers built from that would misread it",
		Fix: "keep the type, or give the new one a new name, so that it gets a number of its own",
	})
}

// retired are the messages that nothing needs any more. They stay for the
// numbers they reserve, in case a method or struct of the name comes back.
func (l *lock) retired(messages []message) []message {
	var list []message
	for _, was := range l.messages {
		if slices.ContainsFunc(messages, func(m message) bool { return m.name == was.name }) {
			continue
		}
		shell := message{name: was.name, reserved: was.reserved, doc: []string{
			"No longer used. It reserves its numbers, should the name come back."}}
		for _, f := range was.fields {
			shell.reserved.add(f.name, f.number)
		}
		if !shell.reserved.empty() {
			list = append(list, shell)
		}
	}
	return list
}
