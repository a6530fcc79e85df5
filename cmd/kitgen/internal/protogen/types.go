package protogen

import "github.com/kitgen/kitgen/cmd/kitgen/internal/spec"

// scalar is how a Go type without parts is written in the .proto and in the
// protobuf struct.
type scalar struct{ proto, golang string }

var scalars = map[spec.Kind]scalar{
	spec.Bool:     {"bool", "bool"},
	spec.String:   {"string", "string"},
	spec.Bytes:    {"bytes", "[]byte"},
	spec.Text:     {"string", "string"},
	spec.Int:      {"int64", "int64"},
	spec.Int8:     {"int32", "int32"},
	spec.Int16:    {"int32", "int32"},
	spec.Int32:    {"int32", "int32"},
	spec.Int64:    {"int64", "int64"},
	spec.Uint:     {"uint64", "uint64"},
	spec.Uint8:    {"uint32", "uint32"},
	spec.Uint16:   {"uint32", "uint32"},
	spec.Uint32:   {"uint32", "uint32"},
	spec.Uint64:   {"uint64", "uint64"},
	spec.Float32:  {"float", "float32"},
	spec.Float64:  {"double", "float64"},
	spec.Time:     {"google.protobuf.Timestamp", "*timestamppb.Timestamp"},
	spec.Duration: {"google.protobuf.Duration", "*durationpb.Duration"},
	spec.Any:      {"google.protobuf.Value", "*structpb.Value"},
}

// GoType is the Go type that t has in protobuf structs, for a file that
// imports the generated package as pb and the well-known types as timestamppb,
// durationpb and structpb.
func GoType(t *spec.Type) string {
	switch {
	case t.Wrap != "":
		return "*pb." + t.Wrap
	case t.Kind == spec.StructT:
		return "*pb." + t.PB
	case t.Kind == spec.EnumT:
		return "pb." + t.PB
	case t.IsBytes():
		return "[]byte"
	case t.Kind == spec.Slice, t.Kind == spec.Array, t.Kind == spec.Set:
		return "[]" + GoType(t.Elem)
	case t.Kind == spec.Map:
		return "map[" + GoType(t.Key) + "]" + GoType(t.Elem)
	case t.Optional():
		return "*" + GoType(t.Elem)
	case t.Kind == spec.Pointer:
		return GoType(t.Elem)
	}
	return scalars[t.Kind].golang
}

// protoType is t with its label, as a field of the .proto has it.
func protoType(t *spec.Type) string {
	switch {
	case t.Wrap != "":
		return t.Wrap
	case t.Kind == spec.StructT, t.Kind == spec.EnumT:
		return t.PB
	case t.IsBytes():
		return "bytes"
	case t.Kind == spec.Slice, t.Kind == spec.Array, t.Kind == spec.Set:
		return "repeated " + protoType(t.Elem)
	case t.Kind == spec.Map:
		return "map<" + protoType(t.Key) + ", " + protoType(t.Elem) + ">"
	case t.Optional():
		return "optional " + protoType(t.Elem)
	case t.Kind == spec.Pointer:
		return protoType(t.Elem)
	}
	return scalars[t.Kind].proto
}
