package spec

import "time"

// Service is one Go interface and all that its signatures name.
type Service struct {
	Name         string   // lower case, as in "addsvc": package, proto package, registry name, binary
	Module       string   // module path of the service's package
	Package      string   // Go package name of the interface
	File         string   // file that declares the interface, relative to the package directory
	Interface    string   // Go name of the interface, such as "Service"
	PB           string   // name of the gRPC service, in the .proto and in its Go code: "Addsvc" in pb.RegisterAddsvcServer
	ProtoPackage string   // package of the .proto: "addsvc.v1", unless //kit:proto package=math says otherwise
	Doc          []string // doc comment of the interface, line by line
	Methods      []Method // in source order
	Structs      []Struct // local struct types that the signatures reach, in order of first use
	Errors       []Error  // failures that clients can tell from others, in source order
}

// Route is where a method is over HTTP.
type Route struct {
	Verb string // GET, POST, PUT, PATCH or DELETE
	Path string // with parameters in braces, as net/http.ServeMux has them: "/users/{id}"
	Pos  string // file:line:col of the directive
}

// Method is one call of the service.
type Method struct {
	Name       string
	PB         string // name in the pb package: the client's method, and with Request or Response appended its messages
	Doc        []string
	Pos        string        // file:line:col of the declaration
	Params     []Field       // without the context
	Results    []Field       // without the error
	Variadic   bool          // the last parameter is variadic; its Type is the slice
	StreamIn   bool          // the last parameter is an iter.Seq; its Type is that of an element
	StreamOut  bool          // the only result is an iter.Seq2 with an error; its Type is that of an element
	NoError    bool          // //kit:noerror: the Go method returns no error
	Idempotent bool          // //kit:idempotent: safe to repeat
	Timeout    time.Duration // //kit:timeout 2s: per attempt; 0 means the client's default
	Was        string        // //kit:was Add: the name it had, which it keeps on both wires
	HTTP       *Route        // //kit:http GET /users/{id}; nil means POST to a path made of its name
	Skip       []string      // //kit:skip grpc: wires it is not served over
	In, Out    Message       // what it takes and answers over gRPC
}

// Message is what travels over gRPC for a request or a response.
type Message struct {
	PB    string // name, in the .proto and in the pb package: "AddRequest", unless //kit:proto request=Terms says otherwise
	Whole bool   // the only parameter, or result, is a struct of that message: no message around it
}

// Struct is a struct type declared beside the interface.
type Struct struct {
	Name   string
	PB     string // name of its message, in the .proto and in the pb package
	Doc    []string
	Pos    string
	Fields []Field // exported ones that JSON does not skip
}

// Field is a parameter, a result or a struct field, under each of its names.
type Field struct {
	Name  string   // in the Go source, or invented for an unnamed one (arg1, result)
	Go    string   // exported Go name, in request and response structs; the field's own in a struct
	JSON  string   // key on the HTTP wire
	Proto string   // name in the .proto, snake_case
	PB    string   // Go name in the generated protobuf struct, as protoc-gen-go makes it
	Doc   []string // comment of a struct field
	Pos   string   // file:line:col
	Type  *Type

	Number int32 // //kit:proto name=3: its number in the .proto; 0 means the one it has, or the next
}

// Kind is the shape of a type.
type Kind string

// The kinds that travel over both transports. Each line says which Go type the
// protobuf struct has for it (protogen.GoType spells it for any [Type]) and how
// a value v converts to it; the way back is the same with the types exchanged,
// plus a range check where the protobuf type is wider.
const (
	Bool     Kind = "bool"     // bool: v, or bool(v) if Name is set; so for each scalar of the same Go type
	String   Kind = "string"   // string
	Bytes    Kind = "bytes"    // []byte
	Int      Kind = "int"      // int64(v); back int(x), which is narrower on 32-bit machines
	Int8     Kind = "int8"     // int32(v); back with a range check
	Int16    Kind = "int16"    // int32(v); back with a range check
	Int32    Kind = "int32"    // int32
	Int64    Kind = "int64"    // int64
	Uint     Kind = "uint"     // uint64(v); back uint(x), as for Int
	Uint8    Kind = "uint8"    // uint32(v); back with a range check
	Uint16   Kind = "uint16"   // uint32(v); back with a range check
	Uint32   Kind = "uint32"   // uint32
	Uint64   Kind = "uint64"   // uint64
	Float32  Kind = "float32"  // float32
	Float64  Kind = "float64"  // float64
	Time     Kind = "time"     // *timestamppb.Timestamp: timestamppb.New(v); back x.AsTime(), nil is the zero time
	Duration Kind = "duration" // *durationpb.Duration: durationpb.New(v); back x.AsDuration(), nil is 0
	Slice    Kind = "slice"    // slice of Elem's Go type, converted one by one; Elem is never a Slice, a Map or a Pointer to a scalar
	Map      Kind = "map"      // map of Key's and Elem's Go types; Key is a string or an integer; Elem as for Slice
	Pointer  Kind = "pointer"  // to a struct: *pb.Name, nil stays nil; to a Time or Duration: as those, nil stays nil; to another scalar: pointer to its Go type (optional)
	StructT  Kind = "struct"   // *pb.Name, where Name is one of Service.Structs, by its PB; back nil is the zero struct
)

// Type is a Go type that has a place on the wire.
type Type struct {
	Kind Kind
	Go   string // as written in the service's package: "[]Address", "map[string]int64", "ID"
	Name string // local named type, if it is one ("ID", "Address"); needs a conversion unless Kind is struct
	Key  *Type  // of a map
	Elem *Type  // of a slice, map or pointer
	PB   string // of a struct: name of its message, so that *pb.PB is its Go type
}

// Optional reports whether t is a pointer to a scalar, which is an optional
// field in the .proto and a pointer in the protobuf struct.
func (t *Type) Optional() bool {
	if t.Kind != Pointer {
		return false
	}
	switch t.Elem.Kind {
	case StructT, Time, Duration:
		return false
	}
	return true
}
