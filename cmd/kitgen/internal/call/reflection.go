package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// server is what a server says of itself.
type server struct {
	services []protoreflect.ServiceDescriptor
	known    *dynamicpb.Types
}

// describe asks a server what it serves; nil if it does not say. The two versions of
// the service differ in name only.
func describe(ctx context.Context, cc *grpc.ClientConn) (any, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the stream
	defer cancel()
	for _, version := range []string{"v1", "v1alpha"} {
		stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/grpc.reflection."+version+".ServerReflection/ServerReflectionInfo")
		if err != nil {
			return nil, err
		}
		s, err := asked{stream}.server()
		if status.Code(err) != codes.Unimplemented {
			return s, err
		}
	}
	return (*server)(nil), nil
}

// asked is a stream of questions, and of answers.
type asked struct{ grpc.ClientStream }

func (a asked) ask(question *reflectpb.ServerReflectionRequest) (*reflectpb.ServerReflectionResponse, error) {
	if err := a.SendMsg(question); err != nil && !errors.Is(err, io.EOF) { // of which RecvMsg knows more
		return nil, err
	}
	answer := new(reflectpb.ServerReflectionResponse)
	if err := a.RecvMsg(answer); err != nil {
		return nil, err
	}
	if e := answer.GetErrorResponse(); e != nil {
		return nil, status.Errorf(codes.NotFound, "reflection: %s (code %d)", e.GetErrorMessage(), e.GetErrorCode())
	}
	return answer, nil
}

// server is all that there is, but for services that every server has.
func (a asked) server() (*server, error) {
	answer, err := a.ask(&reflectpb.ServerReflectionRequest{MessageRequest: &reflectpb.ServerReflectionRequest_ListServices{}})
	if err != nil {
		return nil, err
	}
	files := described{}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		if name := s.GetName(); !common(name) {
			names = append(names, name)
			question := &reflectpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}
			if err := a.files(&reflectpb.ServerReflectionRequest{MessageRequest: question}, files); err != nil {
				return nil, err
			}
		}
	}
	all, err := files.link()
	if err != nil {
		return nil, fmt.Errorf("what the server says of itself makes no sense: %w", err)
	}
	s := &server{known: dynamicpb.NewTypes(all)}
	slices.Sort(names)
	for _, name := range names {
		d, err := all.FindDescriptorByName(protoreflect.FullName(name))
		if service, ok := d.(protoreflect.ServiceDescriptor); ok && err == nil {
			s.services = append(s.services, service)
		}
	}
	return s, nil
}

// common is what servers have beside what they are for.
func common(service string) bool {
	return strings.HasPrefix(service, "grpc.") || strings.HasPrefix(service, "xds.") || service == "kitgen.Load"
}

// most is how many files a server may be made of.
const most = 10_000

// described are files by their names.
type described map[string]*descriptorpb.FileDescriptorProto

// files adds what answers a question, and what that imports.
func (a asked) files(question *reflectpb.ServerReflectionRequest, to described) error {
	answer, err := a.ask(question)
	if err != nil {
		return err
	}
	var imported []string
	for _, text := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		fd := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(text, fd); err != nil {
			return fmt.Errorf("read what the server says of itself: %w", err)
		}
		if to[fd.GetName()] = fd; len(to) > most {
			return fmt.Errorf("the server says that it is made of more than %d files", most)
		}
		imported = append(imported, fd.GetDependency()...)
	}
	for _, name := range imported {
		if to.has(name) {
			continue
		}
		question := &reflectpb.ServerReflectionRequest_FileByFilename{FileByFilename: name}
		if err := a.files(&reflectpb.ServerReflectionRequest{MessageRequest: question}, to); err != nil {
			return err
		}
		if to[name] == nil {
			return fmt.Errorf("the server does not say what is in %q", name)
		}
	}
	return nil
}

// has reports whether a file is there, or can be had without asking: protobuf's own
// are the same everywhere.
func (d described) has(name string) bool {
	if d[name] == nil && strings.HasPrefix(name, "google/protobuf/") {
		if own, err := protoregistry.GlobalFiles.FindFileByPath(name); err == nil {
			d[name] = protodesc.ToFileDescriptorProto(own)
		}
	}
	return d[name] != nil
}

func (d described) link() (*protoregistry.Files, error) {
	set := new(descriptorpb.FileDescriptorSet)
	for _, fd := range d {
		set.File = append(set.File, fd)
	}
	return protodesc.NewFiles(set)
}

// methods are all those of a server.
func (s *server) methods() []reflected {
	var all []reflected
	for _, service := range s.services {
		for i := range service.Methods().Len() {
			all = append(all, reflected{service.Methods().Get(i), s.known})
		}
	}
	return all
}

// about is what there is to know of all methods, or of those of the services named.
func (s *server) about(names []string) (all []about) {
	for _, m := range s.methods() {
		if len(names) == 0 || slices.ContainsFunc(names, m.isOf) {
			all = append(all, m.about())
		}
	}
	return all
}
