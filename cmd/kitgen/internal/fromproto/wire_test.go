package fromproto

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// TestSameOnTheWire compares the .proto that kitgen writes with the one that
// the interface was made from: calls by path, and messages by what is on the
// wire, all the way down.
func TestSameOnTheWire(t *testing.T) {
	for _, name := range []string{"directory", "streams"} {
		t.Run(name, func(t *testing.T) {
			in := input(t, name+".proto", "people")
			before, err := compile(in)
			if err != nil {
				t.Fatal(err)
			}
			after := rewritten(t, in)
			compareServices(t, before.Services().Get(0), after.Services().Get(0))
		})
	}
}

// rewritten is the .proto that follows from the interface, twice in a row.
func rewritten(t *testing.T, in Input) protoreflect.FileDescriptor {
	t.Helper()
	got, err := Read(in)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := spec.LoadFS(fstest.MapFS{"people.go": &fstest.MapFile{Data: got.Source}}, spec.Options{Module: "example.com/people"})
	if err != nil {
		t.Fatalf("%v\n%s", err, got.Source)
	}
	text := got.Lock
	for range 2 {
		if text, err = protogen.Proto(svc, text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	if _, _, err := protogen.Code(svc, text, ""); err != nil {
		t.Fatal(err)
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"after.proto": string(text)})})}
	files, err := compiler.Compile(t.Context(), "after.proto")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return files[0]
}

func compareServices(t *testing.T, a, b protoreflect.ServiceDescriptor) {
	t.Helper()
	if a.FullName() != b.FullName() || a.Methods().Len() != b.Methods().Len() {
		t.Fatalf("%s with %d calls is %s with %d", a.FullName(), a.Methods().Len(), b.FullName(), b.Methods().Len())
	}
	for i := range a.Methods().Len() {
		was := a.Methods().Get(i)
		is := b.Methods().ByName(was.Name())
		if is == nil {
			t.Errorf("%s is gone", was.FullName())
			continue
		}
		if was.IsStreamingClient() != is.IsStreamingClient() || was.IsStreamingServer() != is.IsStreamingServer() {
			t.Errorf("%s streams otherwise", was.FullName())
		}
		seen := make(map[protoreflect.FullName]bool)
		compareMessages(t, was.Input(), is.Input(), seen)
		compareMessages(t, was.Output(), is.Output(), seen)
	}
}

func compareMessages(t *testing.T, a, b protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) {
	t.Helper()
	if seen[a.FullName()] {
		return
	}
	seen[a.FullName()] = true
	if was, is := wire(a), wire(b); was != is {
		t.Errorf("%s was\n%s is %s\n%s", a.FullName(), was, b.FullName(), is)
	}
	for i := range a.Fields().Len() {
		f := a.Fields().Get(i)
		if g := b.Fields().ByNumber(f.Number()); g != nil && f.Message() != nil && g.Message() != nil {
			compareMessages(t, f.Message(), g.Message(), seen)
		}
	}
}

// wire is what a message looks like to those who read it.
func wire(m protoreflect.MessageDescriptor) string {
	var b strings.Builder
	for n := range protoreflect.FieldNumber(100) {
		if f := m.Fields().ByNumber(n); f != nil {
			fmt.Fprintf(&b, "%d %s list=%t presence=%t\n", n, f.Kind(), f.IsList(), f.HasPresence())
		}
	}
	return b.String()
}

// follows checks that kitgen can go on from what was made.
func follows(t *testing.T, got *Result) {
	t.Helper()
	svc, err := spec.LoadFS(fstest.MapFS{"svc.go": &fstest.MapFile{Data: got.Source}}, spec.Options{Module: "example.com/svc"})
	if err != nil {
		if _, ok := errors.AsType[spec.Problems](err); ok {
			return // an interface that is refused, such as one without methods
		}
		t.Fatalf("%v\n%s", err, got.Source)
	}
	if _, err := protogen.Proto(svc, got.Lock); err != nil {
		t.Fatalf("%v\n%s\n%s", err, got.Source, got.Lock)
	}
}
