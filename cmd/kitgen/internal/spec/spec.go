// Package spec is what kitgen knows about a service: plain data, read from a
// Go interface, printable as JSON. Every decision is made here; templates only
// lay out.
package spec

import "time"

// Service is one Go interface and all that its signatures name.
type Service struct {
	Name      string   // lower case, as in "addsvc": package, proto package, registry name, binary
	Module    string   // module path of the service's package
	Package   string   // Go package name of the interface
	File      string   // file that declares the interface, relative to the package directory
	Interface string   // Go name of the interface, such as "Service"
	Doc       []string // doc comment of the interface, line by line
	Methods   []Method // in source order
	Structs   []Struct // local struct types that the signatures reach, in order of first use
}

// Method is one call of the service.
type Method struct {
	Name       string
	Doc        []string
	Pos        string        // file:line:col of the declaration
	Params     []Field       // without the context
	Results    []Field       // without the error
	Variadic   bool          // the last parameter is variadic; its Type is the slice
	NoError    bool          // //kit:noerror: the Go method returns no error
	Idempotent bool          // //kit:idempotent: safe to repeat
	Timeout    time.Duration // //kit:timeout 2s: per attempt; 0 means the client's default
}

// Struct is a struct type declared beside the interface.
type Struct struct {
	Name   string
	Doc    []string
	Pos    string
	Fields []Field // exported ones
}

// Field is a parameter, a result or a struct field, under each of its names.
type Field struct {
	Name  string // in the Go source, or invented for an unnamed one (arg1, result)
	Go    string // exported Go name, in request and response structs
	JSON  string // key on the HTTP wire
	Proto string // name in the .proto, snake_case
	PB    string // Go name in the generated protobuf struct, as protoc-gen-go makes it
	Pos   string // file:line:col
	Type  *Type
}

// Kind is the shape of a type.
type Kind string

// The kinds that travel over both transports.
const (
	Bool     Kind = "bool"
	String   Kind = "string"
	Bytes    Kind = "bytes" // []byte
	Int      Kind = "int"
	Int8     Kind = "int8"
	Int16    Kind = "int16"
	Int32    Kind = "int32"
	Int64    Kind = "int64"
	Uint     Kind = "uint"
	Uint8    Kind = "uint8"
	Uint16   Kind = "uint16"
	Uint32   Kind = "uint32"
	Uint64   Kind = "uint64"
	Float32  Kind = "float32"
	Float64  Kind = "float64"
	Time     Kind = "time"     // time.Time
	Duration Kind = "duration" // time.Duration
	Slice    Kind = "slice"    // Elem
	Map      Kind = "map"      // Key, Elem
	Pointer  Kind = "pointer"  // Elem, a struct or a scalar
	StructT  Kind = "struct"   // Name is one of Service.Structs
)

// Type is a Go type that has a place on the wire.
type Type struct {
	Kind Kind
	Go   string // as written in the service's package: "[]Address", "map[string]int64", "ID"
	Name string // local named type, if it is one ("ID", "Address"); needs a conversion unless Kind is struct
	Key  *Type  // of a map
	Elem *Type  // of a slice, map or pointer
}
