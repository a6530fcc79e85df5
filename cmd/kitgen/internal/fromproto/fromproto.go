package fromproto

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Input is a .proto and what is to become of it.
type Input struct {
	File    string                            // as the user calls it, for problems
	Text    []byte                            // of File
	Open    func(path string) ([]byte, error) // a file that is imported
	Package string                            // Go package to make, which is the service's name, too
	Service string                            // which service of the file; the only one if empty
}

// Result is what was made of a .proto.
type Result struct {
	Source   []byte        // Go file with the interface
	Lock     []byte        // what protogen.Proto takes as the committed .proto
	Warnings spec.Problems // what of the .proto has no place in the interface
}

// Read makes the interface of a .proto. What cannot be adopted is reported as
// [spec.Problems], all of them at once.
func Read(in Input) (*Result, error) {
	fd, err := compile(in)
	if err != nil {
		return nil, err
	}
	r := &reader{in: in, file: fd, routes: http.NewServeMux()}
	service := r.choose()
	if service == nil {
		return nil, r.problems.Err()
	}
	if fd.Package() == "" {
		r.refuse(service, "serve it by the code of protoc-gen-go-grpc", "%s has no package, and that of a service of kitgen is in the path of its calls", in.File)
	}
	r.collect(service)
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	calls := r.calls(service)
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	source, err := r.source(service, calls)
	if err != nil {
		return nil, err
	}
	return &Result{Source: source, Lock: r.lock(service, calls), Warnings: r.warnings}, nil
}

// reader is the state of one Read.
type reader struct {
	in       Input
	file     protoreflect.FileDescriptor
	messages []*message // in order of first use
	enums    []*enum
	routes   *http.ServeMux // those adopted so far
	problems spec.Problems
	warnings spec.Problems
}

// choose finds the service.
func (r *reader) choose() protoreflect.ServiceDescriptor {
	var names []string
	for i := range r.file.Services().Len() {
		s := r.file.Services().Get(i)
		if string(s.Name()) == r.in.Service {
			return s
		}
		names = append(names, string(s.Name()))
	}
	switch all := strings.Join(names, ", "); {
	case len(names) == 0:
		r.refuse(r.file, "name a .proto that has a service", "%s has no service, so there is nothing to call", r.in.File)
	case r.in.Service != "":
		r.refuse(r.file, "choose one of: "+all, "there is no service %s", r.in.Service)
	case len(names) > 1:
		r.refuse(r.file.Services().Get(1), "choose one with --interface "+names[0]+", and make the others services of their own", "the file has several services: %s", all)
	default:
		return r.file.Services().Get(0)
	}
	return nil
}

// refuse reports a problem at the place of d.
func (r *reader) refuse(d protoreflect.Descriptor, fix, format string, args ...any) {
	p := spec.Problem{Pos: r.at(d), Code: "KG065", Msg: fmt.Sprintf(format, args...), Fix: fix}
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

func (r *reader) warn(d protoreflect.Descriptor, fix, format string, args ...any) {
	r.warnings = append(r.warnings, spec.Problem{Pos: r.at(d), Code: "KGW65", Msg: fmt.Sprintf(format, args...), Fix: fix})
}

// at is the place of d, as the user knows the file.
func (r *reader) at(d protoreflect.Descriptor) string {
	name, line, column := r.in.File, 1, 1
	if f := d.ParentFile(); f != nil {
		if f.Path() != r.file.Path() {
			name = f.Path()
		}
		if loc := f.SourceLocations().ByDescriptor(d); len(loc.Path) > 0 {
			line, column = loc.StartLine+1, loc.StartColumn+1
		}
	}
	return fmt.Sprintf("%s:%d:%d", name, line, column)
}
