package protogen

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Code compiles the .proto of svc, as [Proto] printed it, to NAME.pb.go and
// NAME_grpc.pb.go of the Go package GoPackage(svc). goImportPath is where that
// package will be; empty means what option go_package says.
func Code(svc *spec.Service, protoText []byte, goImportPath string) (pb, grpc []byte, err error) {
	gen, file, err := plugin(svc, protoText, goImportPath)
	if err != nil {
		return nil, nil, err
	}
	pb, err = internal_gengo.GenerateFile(gen, file).Content()
	if err != nil {
		return nil, nil, fmt.Errorf("generate %s.pb.go: %w", svc.Name, err)
	}
	grpc, err = grpcCode(file)
	if err != nil {
		return nil, nil, fmt.Errorf("generate %s_grpc.pb.go: %w", svc.Name, err)
	}
	return withoutVersions(pb), grpc, nil
}

// withoutVersions drops the header's lines about the versions of protoc-gen-go
// and protoc: the first is kitgen's own affair, the second took no part, and
// both would change files whose code did not.
func withoutVersions(code []byte) []byte {
	head, rest, ok := bytes.Cut(code, []byte("// versions:\n"))
	if !ok {
		return code
	}
	for bytes.HasPrefix(rest, []byte("// \t")) {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	return append(head, rest...)
}
