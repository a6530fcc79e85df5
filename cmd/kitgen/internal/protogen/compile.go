package protogen

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// wellKnown are the files that a service's .proto may import.
var wellKnown = []protoreflect.FileDescriptor{
	durationpb.File_google_protobuf_duration_proto,
	structpb.File_google_protobuf_struct_proto,
	timestamppb.File_google_protobuf_timestamp_proto,
}

// compile makes a descriptor of the .proto, with its comments.
func compile(file string, text []byte) (*descriptorpb.FileDescriptorProto, error) {
	var c complaints
	compiler := protocompile.Compiler{
		Resolver:       protocompile.ResolverFunc(func(p string) (protocompile.SearchResult, error) { return resolve(p, file, text) }),
		MaxParallelism: 1,
		SourceInfoMode: protocompile.SourceInfoStandard,
		Reporter:       reporter.NewReporter(c.keep, nil),
	}
	// The text is in memory already, so there is nothing to cancel.
	files, err := compiler.Compile(context.Background(), file)
	if e, ok := errors.AsType[reporter.ErrorWithPos](err); ok && len(c) == 0 {
		c.add(e) // of imports, which are not reported
	}
	if len(c) > 0 {
		return nil, c.problems()
	}
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", file, err)
	}
	result, ok := files[0].(linker.Result)
	if !ok {
		return nil, fmt.Errorf("compile %s: no descriptor", file)
	}
	fd := result.FileDescriptorProto()
	dropFileComment(fd)
	return fd, nil
}

// syntaxPath locates "syntax" in a descriptor, whose comment is the file's.
var syntaxPath = []int32{12}

// dropFileComment keeps the first comment of the .proto, which is about that
// file, out of the Go code.
func dropFileComment(fd *descriptorpb.FileDescriptorProto) {
	info := fd.GetSourceCodeInfo()
	info.Location = slices.DeleteFunc(info.Location, func(l *descriptorpb.SourceCodeInfo_Location) bool {
		return slices.Equal(l.GetPath(), syntaxPath)
	})
}

func resolve(want, file string, text []byte) (protocompile.SearchResult, error) {
	if want == file {
		return protocompile.SearchResult{Source: strings.NewReader(string(text))}, nil
	}
	for _, fd := range wellKnown {
		if fd.Path() == want {
			return protocompile.SearchResult{Desc: fd}, nil
		}
	}
	return protocompile.SearchResult{}, fmt.Errorf("%s is no file that kitgen imports", want)
}

// complaints of the .proto parser and compiler.
type complaints spec.Problems

// keep is a reporter that goes on, so that one run shows all errors.
func (c *complaints) keep(err reporter.ErrorWithPos) error {
	c.add(err)
	return nil
}

func (c *complaints) add(err reporter.ErrorWithPos) {
	at := err.GetPosition()
	*c = append(*c, spec.Problem{
		Pos: fmt.Sprintf("%s:%d:%d", path.Base(at.Filename), at.Line, at.Col), Code: "KG063",
		Msg: "the .proto is not as kitgen wrote it: " + err.Unwrap().Error(),
		Fix: "restore it from version control; it follows the Go interface, and holds its field numbers",
	})
}

func (c complaints) problems() error { return spec.Problems(c).Err() }

// plugin is protogen's view of the .proto, whose last file is ours.
func plugin(svc *spec.Service, text []byte, importPath string) (*protogen.Plugin, *protogen.File, error) {
	file := ProtoPath(svc)
	fd, err := compile(file, text)
	if err != nil {
		return nil, nil, err
	}
	req := &pluginpb.CodeGeneratorRequest{FileToGenerate: []string{file}}
	if importPath != "" {
		req.Parameter = new("M" + file + "=" + importPath + ";" + GoPackage(svc))
	}
	for _, known := range wellKnown {
		if slices.Contains(fd.GetDependency(), known.Path()) {
			req.ProtoFile = append(req.ProtoFile, protodesc.ToFileDescriptorProto(known))
		}
	}
	req.ProtoFile = append(req.ProtoFile, fd)
	gen, err := protogen.Options{}.New(req)
	if err != nil {
		return nil, nil, fmt.Errorf("generate from %s: %w", file, err)
	}
	return gen, gen.FilesByPath[file], nil
}
