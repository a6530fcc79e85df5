package protogen

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Descriptor is the gRPC service of svc as its .proto has it, for callers that
// have no code made of that.
func Descriptor(svc *spec.Service, text []byte) (protoreflect.ServiceDescriptor, error) {
	fd, err := compile(ProtoPath(svc), text)
	if err != nil {
		return nil, err
	}
	file, err := protodesc.NewFile(fd, protoregistry.GlobalFiles) // where wellKnown are
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ProtoPath(svc), err)
	}
	if s := file.Services().ByName(protoreflect.Name(svc.PB)); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%s has no service %s", ProtoPath(svc), svc.PB)
}
