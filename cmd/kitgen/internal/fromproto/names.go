package fromproto

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// interfaceName is what the interface is called, before anything else has a name.
const interfaceName = "Service"

// name gives messages and enums names that generated code does not have.
func (r *reader) name(s protoreflect.ServiceDescriptor) {
	var methods []string
	for i := range s.Methods().Len() {
		methods = append(methods, methodName(s, s.Methods().Get(i)))
	}
	taken := make(map[string]bool)
	free := func(name string) bool {
		return name != interfaceName && !spec.Generated(name, methods) && !taken[strings.ToLower(name)]
	}
	for _, m := range r.messages {
		m.proto = r.protoName(m.desc, taken)
		m.golang = m.proto
		if !free(m.golang) {
			m.golang = firstFree(free, alternatives(m.proto)...)
		}
		taken[strings.ToLower(m.golang)], taken[strings.ToLower(m.proto)] = true, true
	}
	for _, e := range r.enums {
		e.golang = firstFree(free, localName(e.desc), localName(e.desc)+"Enum")
		taken[strings.ToLower(e.golang)] = true
	}
	for _, e := range r.enums {
		r.nameValues(e, free, taken)
	}
}

// protoName is what a message is called in the .proto that kitgen writes, where
// all messages are beside each other.
func (r *reader) protoName(d protoreflect.MessageDescriptor, taken map[string]bool) string {
	name := localName(d)
	if taken[strings.ToLower(name)] { // of another package, whose name tells them apart
		name = spec.FieldName(string(d.ParentFile().Package().Name())) + name
	}
	return firstFree(func(n string) bool { return !taken[strings.ToLower(n)] }, name)
}

// localName is a message's or enum's name with those it is in.
func localName(d protoreflect.Descriptor) string {
	name := spec.MessageName(string(d.Name()))
	for p := d.Parent(); p != nil; p = p.Parent() {
		if _, ok := p.(protoreflect.MessageDescriptor); ok {
			name = spec.MessageName(string(p.Name())) + name
		}
	}
	return name
}

// alternatives are Go names for a message whose own name generated code has.
func alternatives(name string) []string {
	if stem, ok := strings.CutSuffix(name, "Request"); ok {
		return []string{stem + "Input", name + "Message"}
	}
	if stem, ok := strings.CutSuffix(name, "Response"); ok {
		return []string{stem + "Output", name + "Message"}
	}
	return []string{name + "Message"}
}

// firstFree is the first name that is free, or the last with a number.
func firstFree(free func(string) bool, names ...string) string {
	for _, n := range names {
		if free(n) {
			return n
		}
	}
	last := names[len(names)-1]
	for n := 2; ; n++ {
		if name := last + strconv.Itoa(n); free(name) {
			return name
		}
	}
}

// nameValues names the constants of an enum: MOBILE and PHONE_TYPE_MOBILE of
// PhoneType are PhoneTypeMobile.
func (r *reader) nameValues(e *enum, free func(string) bool, taken map[string]bool) {
	prefix := strings.ToUpper(spec.ProtoName(string(e.desc.Name()))) + "_"
	seen := make(map[protoreflect.EnumNumber]bool)
	for i := range e.desc.Values().Len() {
		v := e.desc.Values().Get(i)
		if seen[v.Number()] {
			e.values = append(e.values, "")
			continue
		}
		seen[v.Number()] = true
		word := strings.ToLower(strings.TrimPrefix(strings.ToUpper(string(v.Name())), prefix))
		name := firstFree(free, e.golang+strings.TrimPrefix(spec.FieldName(word), "X"))
		taken[strings.ToLower(name)] = true
		e.values = append(e.values, name)
	}
}

// methodName is what an rpc is called in the interface: its own name, unless
// generated clients have something else of that name.
func methodName(s protoreflect.ServiceDescriptor, m protoreflect.MethodDescriptor) string {
	name := string(m.Name())
	if spec.ClientHas(name) {
		return name + spec.MessageName(string(s.Name()))
	}
	return name
}
