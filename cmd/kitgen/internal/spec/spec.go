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
	Structs      []Struct // struct types that the signatures reach, in order of first use
	Enums        []Enum   // named integers that //kit:enum makes enums of the .proto, in order of first use
	Errors       []Error  // failures that clients can tell from others, in source order, but each before those that it wraps

	Wrappers []Wrapper // messages around what a .proto cannot repeat, in order of first use
	Imports  []Import  // packages that the types name, beside the standard ones that generated code always has
	Unserved []string  // embedded interfaces that //kit:skip leaves out, as generated code writes them: "io.Closer"
	Warnings Problems  // what is accepted, and may surprise
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

// Struct is a struct type, which travels as a message of its own: one declared
// beside the interface, one of another package, an instance of a generic one,
// or one without a name.
type Struct struct {
	Name   string // as generated code writes it: "User", "model.User", "Page[User]", "struct{X int}"
	PB     string // name of its message, in the .proto and in the pb package
	Func   string // stem of the functions that convert it: "user" for userToPB and userFromPB
	Doc    []string
	Pos    string
	Fields []Field // exported ones that JSON does not skip, and those of embedded structs
}

// Embedding is an embedded struct that a field is promoted through.
type Embedding struct {
	Name    string // of the embedded field
	Go      string // its type, without the star
	Pointer bool   // it may be missing, and then its fields are
}

// Enum is a named integer with constants that is an enum of the .proto.
type Enum struct {
	Name   string // as generated code writes it
	PB     string // name of the enum, in the .proto and in the pb package
	Doc    []string
	Pos    string
	Values []EnumValue // 0 first, then in source order; one per number
}

// EnumValue is one constant of an enum.
type EnumValue struct {
	Name   string // of the constant
	Proto  string // "COLOR_RED"; that of the name it had, if //kit:was says one
	Number int32
	Doc    []string
	Pos    string // file:line:col
}

// Wrapper is a message with one field, which stands for what can be no element
// of a list or map: a list, a map, or a value that may be missing.
type Wrapper struct {
	PB    string // "ListOfString", "MapOfStringToInt64", "OptionalInt64"
	Field Field  // "items", "entries" or "value"
}

// Import is a package that generated code imports for a type in a signature.
type Import struct{ Name, Path string }

// Field is a parameter, a result or a struct field, under each of its names.
type Field struct {
	Name  string   // in the Go source, or invented for an unnamed one (arg1, result)
	Go    string   // exported Go name, in request and response structs; the field's own in a struct
	JSON  string   // key on the HTTP wire
	Proto string   // name in the .proto, snake_case
	PB    string   // Go name in the generated protobuf struct, as protoc-gen-go makes it
	Doc   []string // comment of a struct field
	Pos   string   // file:line:col
	Type  *Type    // of a field promoted through a pointer: a pointer, as it may be missing

	Through []Embedding // embedded structs that it is promoted through, outermost first
	ByValue bool        // in Go it is a Type.Elem: Type is a pointer for what it is promoted through
	Quoted  bool        // its tag wants its JSON within a string

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
	Text     Kind = "text"     // string: what MarshalText makes of it; back by UnmarshalText, "" is the zero value
	EnumT    Kind = "enum"     // pb.Name, where Name is one of Service.Enums, by its PB
	Any      Kind = "any"      // *structpb.Value: what JSON makes of it; back as encoding/json would have it
	Slice    Kind = "slice"    // slice of Elem's Go type, converted one by one
	Array    Kind = "array"    // slice of Elem's Go type, of Len elements; empty is the zero value; []byte if Elem is byte
	Set      Kind = "set"      // map[Elem]struct{}: sorted slice of Elem's Go type
	Map      Kind = "map"      // map of Key's and Elem's Go types; Key is a string, an integer or a Text
	Pointer  Kind = "pointer"  // to a struct: *pb.Name, nil stays nil; to a Time or Duration: as those, nil stays nil; to another scalar: pointer to its Go type (optional)
	StructT  Kind = "struct"   // *pb.Name, where Name is one of Service.Structs, by its PB; back nil is the zero struct
)

// Type is a Go type that has a place on the wire.
type Type struct {
	Kind Kind
	Go   string // as generated code writes it: "[]Address", "map[string]int64", "ID", "netip.Addr"
	Name string // the same, if the type has a name; needs a conversion unless Kind is struct
	Key  *Type  // of a map
	Elem *Type  // of a slice, array, set, map or pointer
	Len  int    // of an array
	PB   string // of a struct or enum: its name in the .proto and in the pb package
	Text bool   // of an enum: it is text to encoding/json, and a number over gRPC only
	JSON string // what encoding/json makes of it, where its kind does not say: "integer", "number" or "string", or "any" if only its own methods know
	Wrap string // of an element: name of the message around it, one of Service.Wrappers; empty if it needs none
}

// IsBytes reports whether t is an array of bytes, which is one value and no list.
func (t *Type) IsBytes() bool {
	return t.Kind == Array && t.Elem.Kind == Uint8 && t.Elem.Name == ""
}

// Optional reports whether t is a pointer to a scalar, which is an optional
// field in the .proto and a pointer in the protobuf struct.
func (t *Type) Optional() bool {
	if t.Kind != Pointer {
		return false
	}
	switch t.Elem.Kind {
	case StructT, Time, Duration, Any:
		return false
	}
	return true
}
