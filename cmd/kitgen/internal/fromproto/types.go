package fromproto

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// known are the messages that are a Go type of their own.
var known = map[protoreflect.FullName]struct{ golang, pkg string }{
	"google.protobuf.Timestamp": {"time.Time", "time"},
	"google.protobuf.Duration":  {"time.Duration", "time"},
	"google.protobuf.Value":     {"any", ""},
}

var scalars = map[protoreflect.Kind]string{
	protoreflect.BoolKind:     "bool",
	protoreflect.StringKind:   "string",
	protoreflect.BytesKind:    "[]byte",
	protoreflect.Int32Kind:    "int32",
	protoreflect.Sint32Kind:   "int32",
	protoreflect.Sfixed32Kind: "int32",
	protoreflect.Int64Kind:    "int64",
	protoreflect.Sint64Kind:   "int64",
	protoreflect.Sfixed64Kind: "int64",
	protoreflect.Uint32Kind:   "uint32",
	protoreflect.Fixed32Kind:  "uint32",
	protoreflect.Uint64Kind:   "uint64",
	protoreflect.Fixed64Kind:  "uint64",
	protoreflect.FloatKind:    "float32",
	protoreflect.DoubleKind:   "float64",
}

// goType is the type of a field in the interface.
func (r *reader) goType(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return "map[" + r.goElem(f.MapKey()) + "]" + r.goElem(f.MapValue())
	case f.IsList():
		return "[]" + r.goElem(f)
	case f.Message() == nil && f.HasPresence(), f.Message() != nil && !isKnown(f), isKnown(f) && f.ContainingOneof() != nil && !isAny(f):
		return "*" + r.goElem(f)
	}
	return r.goElem(f)
}

// goElem is the type of one value.
func (r *reader) goElem(f protoreflect.FieldDescriptor) string {
	switch {
	case f.Enum() != nil:
		return r.enum(f.Enum()).golang
	case isKnown(f):
		return known[f.Message().FullName()].golang
	case f.Message() != nil:
		return r.message(f.Message()).golang
	}
	return scalars[f.Kind()]
}

// protoType is the type of a field in the lock, with its label.
func (r *reader) protoType(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return "map<" + r.protoElem(f.MapKey()) + ", " + r.protoElem(f.MapValue()) + ">"
	case f.IsList():
		return "repeated " + r.protoElem(f)
	case f.Message() == nil && f.HasPresence():
		return "optional " + r.protoElem(f)
	}
	return r.protoElem(f)
}

func (r *reader) protoElem(f protoreflect.FieldDescriptor) string {
	switch {
	case f.Enum() != nil:
		return r.enum(f.Enum()).golang
	case isKnown(f):
		return string(f.Message().FullName())
	case f.Message() != nil:
		return r.message(f.Message()).proto
	}
	return f.Kind().String()
}

func isKnown(f protoreflect.FieldDescriptor) bool {
	return f.Message() != nil && known[f.Message().FullName()].golang != ""
}

// isAny reports whether a value of f, or of an element, is a google.protobuf.Value.
func isAny(f protoreflect.FieldDescriptor) bool {
	if f.IsMap() {
		f = f.MapValue()
	}
	return isKnown(f) && known[f.Message().FullName()].golang == "any"
}

func (r *reader) message(d protoreflect.MessageDescriptor) *message {
	for _, m := range r.messages {
		if m.desc == d {
			return m
		}
	}
	return &message{desc: d} // Empty, which has no fields
}

func (r *reader) enum(d protoreflect.EnumDescriptor) *enum {
	for _, e := range r.enums {
		if e.desc == d {
			return e
		}
	}
	return &enum{desc: d}
}
