// Package protogen makes the gRPC contract of a service: the .proto and the Go
// code for it, in process and without protoc.
//
// [Proto] prints the .proto from a spec.Service. The committed .proto is its
// second input: it is the lock that field numbers are carried over from, so
// that no number ever changes its meaning, and it is the gate: what callers
// built from it would misread is refused. [Code] compiles that text to what
// protoc-gen-go makes of it, by protoc-gen-go's own code, and to the API of
// protoc-gen-go-grpc, by an emitter of its own.
//
// All are pure functions: the same input gives the same bytes, and printing
// again over the result changes nothing.
//
// It deliberately knows no services of more than one file, and no .proto
// features that no Go interface leads to; package fromproto takes those apart.
package protogen
