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
	service  string // empty if it has none
	calls    []call
	messages []message
	enums    map[string]bool // of both
	problems spec.Problems

	lockedEnums map[string]enum
}

// call is an rpc of the committed .proto.
type call struct{ name, in, out string } // in and out as they are written, with "stream "

// parseLock reads the committed .proto; an empty one locks nothing.
func parseLock(svc *spec.Service, old []byte) (*lock, error) {
	l := &lock{file: svc.Name + ".proto", enums: make(map[string]bool), lockedEnums: make(map[string]enum)}
	if len(bytes.TrimSpace(old)) == 0 {
		return l, nil
	}
	fd, err := parse(ProtoPath(svc), old)
	if err != nil {
		return nil, err
	}
	if err := foreign(l.file, fd); err != nil {
		return nil, err
	}
	for _, s := range fd.GetService() {
		l.service = s.GetName()
		for _, m := range s.GetMethod() {
			l.calls = append(l.calls, lockedCall(m, fd.GetPackage()))
		}
	}
	if err := l.samePlace(svc, fd.GetPackage()); err != nil {
		return nil, err
	}
	for _, e := range fd.GetEnumType() {
		l.enums[e.GetName()] = true
		l.lockedEnums[e.GetName()] = lockedEnum(e)
	}
	for _, m := range fd.GetMessageType() {
		l.messages = append(l.messages, locked(m, fd.GetPackage()))
	}
	return l, nil
}

// samePlace refuses other names of the package and the service, which are in
// the path of every call.
func (l *lock) samePlace(svc *spec.Service, pkg string) error {
	var names []string
	is, was := svc.ProtoPackage+"."+svc.PB, pkg+"."+l.service
	if pkg != svc.ProtoPackage {
		names = append(names, "package="+pkg)
	}
	if l.service == "" {
		is, was = svc.ProtoPackage, pkg
	} else if l.service != svc.PB {
		names = append(names, "service="+l.service)
	}
	if len(names) == 0 {
		return nil
	}
	return spec.Problems{{
		Pos: svc.File + ":1:1", Code: "KG060",
		Msg: "the committed " + l.file + " is of " + was + ", the service would be " + is + ", and callers know it by the former",
		Fix: "write //kit:proto " + strings.Join(names, " ") + " above the interface, or start a new contract with kitgen generate --break-wire",
	}}
}

// foreign refuses what kitgen writes into no .proto and would lose.
func foreign(file string, fd *descriptorpb.FileDescriptorProto) error {
	var ps spec.Problems
	refuse := func(what string) {
		ps = append(ps, spec.Problem{Pos: file + ":1:1", Code: "KG063",
			Msg: "the .proto is not as kitgen wrote it: " + what,
			Fix: "restore it from version control; to make a service from a .proto that you have, use kitgen new service --from"})
	}
	if len(fd.GetService()) > 1 {
		refuse("it has more than one service")
	}
	if fd.GetSyntax() != "proto3" {
		refuse("its syntax is not proto3")
	}
	if len(fd.GetExtension()) > 0 {
		refuse("it has extensions")
	}
	for _, m := range fd.GetMessageType() {
		if slices.ContainsFunc(m.GetNestedType(), func(n *descriptorpb.DescriptorProto) bool { return !n.GetOptions().GetMapEntry() }) || len(m.GetEnumType()) > 0 {
			refuse("message " + m.GetName() + " has types of its own")
		}
		if slices.ContainsFunc(m.GetField(), func(f *descriptorpb.FieldDescriptorProto) bool { return f.OneofIndex != nil && !f.GetProto3Optional() }) {
			refuse("message " + m.GetName() + " has a oneof")
		}
	}
	return ps.Err()
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

func lockedCall(m *descriptorpb.MethodDescriptorProto, pkg string) call {
	side := func(name string, streams bool) string {
		name = local(name, pkg)
		if streams {
			return "stream " + name
		}
		return name
	}
	return call{m.GetName(), side(m.GetInputType(), m.GetClientStreaming()), side(m.GetOutputType(), m.GetServerStreaming())}
}

// local is a type's name as a .proto of package pkg has it.
func local(name, pkg string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "."), pkg+".")
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
	name := local(f.GetTypeName(), pkg)
	if name == "" {
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

// message is the committed one of that name, or one without fields.
func (l *lock) message(name string) (m message, ok bool) {
	i := slices.IndexFunc(l.messages, func(m message) bool { return m.name == name })
	if i < 0 {
		return message{name: name}, false
	}
	return l.messages[i], true
}

func (l *lock) refuse(pos, code, msg, fix string) {
	l.problems = append(l.problems, spec.Problem{Pos: pos, Code: code, Msg: msg, Fix: fix})
}

// retired are the messages that nothing needs any more. They stay as they
// were: should a method or struct of the name come back, its fields have the
// numbers and types that peers know, or are refused.
func (l *lock) retired(messages []message) []message {
	var list []message
	for _, was := range l.messages {
		if !slices.ContainsFunc(messages, func(m message) bool { return m.name == was.name }) {
			was.doc = []string{"No longer used, and kept so that the name keeps its meaning."}
			list = append(list, was)
		}
	}
	return list
}
