// Package fromproto makes the Go interface of a service that has a .proto
// already, so that kitgen can go on from there and old peers keep talking.
//
// [Read] makes two texts of the .proto: a Go file with the interface, its
// structs and enums, and a .proto for package protogen to take as the committed
// one, which has the numbers, the reserved ranges and the encodings. Only what
// is on the gRPC wire is the same as before: the paths of the calls, and
// numbers and types of fields. Names of fields and messages become those that
// kitgen would give them.
//
// What becomes of what:
//
//   - A message that is called a Request, Response or Reply, and has few fields
//     and one place, becomes parameters or results; every other is a struct.
//   - A message in a field is a pointer, an optional field is one too, and so
//     are the fields of a oneof, of which at most one may be set.
//   - Timestamp and Duration are time.Time and time.Duration, Value is any: one
//     that is missing is the zero value in Go, and a missing Duration or Value
//     goes out as 0 or null.
//     Wrappers, Struct, FieldMask, Any and all other messages of other files
//     become structs of the service, which look the same on the wire.
//   - A message that streams is an element of an iter.Seq2 or iter.Seq.
//
// It deliberately reads proto3 only.
package fromproto
