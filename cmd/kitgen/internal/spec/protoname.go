package spec

import (
	"slices"
	"strings"
)

// ProtoName is the name in the .proto of a parameter or a field that is called
// name in Go.
func ProtoName(name string) string { return snake(name) }

// FieldName is what a field of a .proto is called in a Go struct.
func FieldName(protoName string) string { return exported(snake(protoName)) }

// ParamName is what a field of a .proto is called as a parameter.
func ParamName(protoName string) string {
	first, rest, _ := strings.Cut(snake(protoName), "_")
	if rest == "" {
		return first
	}
	return first + exported(rest)
}

// MessageName is what a message or an rpc of a .proto is called in its Go code.
func MessageName(protoName string) string { return camel(protoName) }

// EnumValueName is what the .proto calls a constant of a type: COLOR_RED, whether it
// is Red or ColorRed in Go.
func EnumValueName(enum, constant string) string {
	return strings.ToUpper(snake(enum) + "_" + strings.TrimPrefix(snake(constant), snake(enum)+"_"))
}

// Generated reports whether the generated code of a service with these methods
// declares or imports something of that name.
func Generated(name string, methods []string) bool {
	svc := &Service{}
	for _, m := range methods {
		svc.Methods = append(svc.Methods, Method{Name: m})
	}
	return generatedNames(svc)[name] != ""
}

// ClientHas reports whether generated clients have something of that name
// beside the methods.
func ClientHas(name string) bool { return slices.Contains(strings.Fields(memberNames), name) }
