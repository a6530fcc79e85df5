package call

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fill gives the fields of m values that are made up; of those that exclude each
// other, the first.
func fill(m protoreflect.Message, depth int) {
	for f := range each(m.Descriptor().Fields()) {
		one := f.ContainingOneof()
		switch {
		case depth > deep && (f.Message() != nil || f.IsList()),
			one != nil && one.Fields().Get(0) != f,
			f.ParentFile().Package() == "google.protobuf" && f.Name() == "nanos",
			m.Descriptor().FullName() == "google.protobuf.Any":
			continue
		case f.IsMap():
			key := scalar(f.MapKey()).MapKey()
			if f.MapValue().Message() == nil {
				m.Mutable(f).Map().Set(key, scalar(f.MapValue()))
			} else {
				fill(m.Mutable(f).Map().Mutable(key).Message(), depth+1)
			}
		case f.IsList() && f.Message() != nil:
			fill(m.Mutable(f).List().AppendMutable().Message(), depth+1)
		case f.IsList():
			m.Mutable(f).List().Append(scalar(f))
		case f.Message() != nil:
			fill(m.Mutable(f).Message(), depth+1)
		default:
			m.Set(f, scalar(f))
		}
	}
}

// scalar is a value that a field could have.
func scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(f.Enum().Values().Get(0).Number())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("text")
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{0, 1})
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(1)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(1)
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(1)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(1)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(1)
	}
	return protoreflect.ValueOfInt64(1)
}
