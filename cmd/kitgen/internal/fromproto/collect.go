package fromproto

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// message is one that the calls lead to.
type message struct {
	desc    protoreflect.MessageDescriptor
	golang  string // Go name, and that of the message unless proto is set
	proto   string // name of the message, if golang is not to be had
	sides   int    // how often it is a request or a response
	nested  bool   // a field has it
	structs bool   // there is a struct for it: it is not only parameters or results
}

// enum is one that the calls lead to.
type enum struct {
	desc   protoreflect.EnumDescriptor
	golang string
	values []string // Go names of the constants, by place; empty for another name of an earlier number
}

// collect finds the messages and enums that the calls of s lead to.
func (r *reader) collect(s protoreflect.ServiceDescriptor) {
	r.readable(r.file)
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		for _, side := range []protoreflect.MessageDescriptor{m.Input(), m.Output()} {
			if side.FullName() == "google.protobuf.Empty" {
				continue
			}
			if known[side.FullName()].golang != "" {
				r.refuse(m, "give the call a message of its own", "%s sends a %s itself, which is no struct in Go", m.Name(), side.FullName())
				continue
			}
			r.reach(side).sides++
		}
	}
	r.name(s)
}

// reach notes a message and all it has in it, once.
func (r *reader) reach(d protoreflect.MessageDescriptor) *message {
	for _, m := range r.messages {
		if m.desc == d {
			return m
		}
	}
	m := &message{desc: d}
	r.messages = append(r.messages, m)
	r.readable(d.ParentFile())
	names := make(map[string]protoreflect.FieldDescriptor)
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		name := spec.FieldName(string(f.Name()))
		if other, ok := names[name]; ok {
			r.refuse(f, "rename one, which keeps its number", "fields %s and %s of %s are both %s in Go", other.Name(), f.Name(), d.Name(), name)
		}
		names[name] = f
		r.reachField(f)
	}
	return m
}

func (r *reader) reachField(f protoreflect.FieldDescriptor) {
	r.checkField(f)
	elem := f
	if f.IsMap() {
		elem = f.MapValue()
	}
	switch {
	case elem.Enum() != nil:
		r.reachEnum(elem.Enum())
	case elem.Message() != nil && known[elem.Message().FullName()].golang == "":
		r.reach(elem.Message()).nested = true
	}
}

func (r *reader) reachEnum(d protoreflect.EnumDescriptor) {
	for _, e := range r.enums {
		if e.desc == d {
			return
		}
	}
	r.readable(d.ParentFile())
	r.enums = append(r.enums, &enum{desc: d})
}

// readable refuses other syntaxes than proto3.
func (r *reader) readable(f protoreflect.FileDescriptor) {
	if f.Syntax() == protoreflect.Proto3 {
		return
	}
	what := f.Syntax().String()
	if f.Syntax() == protoreflect.Editions {
		what = "an edition"
	}
	r.refuse(f, "rewrite it in proto3, which reads the same on the wire unless it has groups, extensions, required fields or defaults",
		"%s is %s, and a Go interface has proto3's rules for what is not set", f.Path(), what)
}

// checkField refuses what no Go type of kitgen's looks like.
func (r *reader) checkField(f protoreflect.FieldDescriptor) {
	if f.IsMap() && f.MapKey().Kind() == protoreflect.BoolKind {
		r.refuse(f, "make it repeated messages with fields key = 1 and value = 2, which look the same on the wire", "%s has bools for its keys, which JSON has not", f.FullName())
	}
	if f.Kind() == protoreflect.BytesKind && f.HasPresence() {
		what := "optional"
		if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
			what = "one of " + string(o.Name())
		}
		r.refuse(f, "put the bytes into a message of their own, which a Go pointer can leave out", "%s are bytes that are %s: []byte cannot be there and empty", f.FullName(), what)
	}
}
