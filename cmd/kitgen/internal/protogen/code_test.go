package protogen

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	addsvcv1 "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/addsvc/v1"
	_ "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/kinds/v1"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// The compiler works on goroutines of its own, and so does gRPC.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// adder adds and leaves Concat unimplemented.
type adder struct {
	addsvcv1.UnimplementedAddsvcServer
}

func (adder) Sum(_ context.Context, r *addsvcv1.SumRequest) (*addsvcv1.SumResponse, error) {
	return &addsvcv1.SumResponse{Sum: r.GetA() + r.GetB()}, nil
}

// TestCall calls the generated code over gRPC.
func TestCall(t *testing.T) {
	l := bufconn.Listen(1 << 16)
	var methods []string
	s := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		methods = append(methods, info.FullMethod)
		return next(ctx, req)
	}))
	addsvcv1.RegisterAddsvcServer(s, adder{})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	cc, err := grpc.NewClient("passthrough:adder", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()

	client := addsvcv1.NewAddsvcClient(cc)
	resp, err := client.Sum(t.Context(), &addsvcv1.SumRequest{A: 40, B: 2}, grpc.WaitForReady(true))
	if err != nil || resp.GetSum() != 42 {
		t.Errorf("Sum = %v, %v", resp, err)
	}
	if _, err := client.Concat(t.Context(), &addsvcv1.ConcatRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("Concat: %v, want unimplemented", err)
	}
	want := []string{addsvcv1.Addsvc_Sum_FullMethodName, addsvcv1.Addsvc_Concat_FullMethodName}
	if !reflect.DeepEqual(methods, want) {
		t.Errorf("methods %v, want %v", methods, want)
	}
}

// TestGoNames compares what templates are told of the protobuf structs, names
// and types, with the structs themselves.
func TestGoNames(t *testing.T) {
	svc := load(t, "kinds")
	check := func(message string, fields []spec.Field) {
		mt, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("kinds.v1." + message))
		if err != nil {
			t.Error(err)
			return
		}
		typ := reflect.TypeOf(mt.Zero().Interface()).Elem()
		if typ.Name() != message {
			t.Errorf("message %s is struct %s", message, typ.Name())
		}
		for _, f := range fields {
			sf, ok := typ.FieldByName(f.PB)
			if !ok {
				t.Errorf("%s has no field %s", message, f.PB)
				continue
			}
			want := sf.Type.String()
			got := strings.NewReplacer("timestamppb.", "timestamppb.", "durationpb.", "durationpb.", "structpb.", "structpb.", "pb.", "kindsv1.", "[]byte", "[]uint8").Replace(GoType(f.Type))
			if got != want {
				t.Errorf("%s.%s is %s, GoType says %s", message, f.PB, want, got)
			}
		}
	}
	for _, m := range svc.Methods {
		check(m.PB+"Request", m.Params)
		check(m.PB+"Response", m.Results)
	}
	for _, s := range svc.Structs {
		check(s.PB, s.Fields)
	}
}

func TestCodeImportPath(t *testing.T) {
	svc := load(t, "addsvc")
	pb, _, err := Code(svc, mustProto(t, svc, nil), "example.com/elsewhere/gen")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(pb), "\npackage addsvcv1\n") {
		t.Errorf("package is not addsvcv1:\n%.400s", pb)
	}
	if strings.Contains(string(pb), "// versions:") || strings.Contains(string(pb), "protoc  ") {
		t.Errorf("names versions that it does not depend on:\n%.400s", pb)
	}
}

func TestCodeRefuses(t *testing.T) {
	svc := load(t, "foo")
	for _, tt := range []struct{ name, text, want string }{
		{
			"two undefined types",
			"syntax = \"proto3\";\npackage foo.v1;\noption go_package = \"example.com/foo\";\nmessage A {\n  B b = 1;\n  C c = 2;\n}\n",
			"foo.proto:5:3: KG063: the .proto is not as kitgen wrote it: field foo.v1.A.b: unknown type B: restore it from version control; it follows the Go interface, and holds its field numbers\n" +
				"foo.proto:6:3: KG063: the .proto is not as kitgen wrote it: field foo.v1.A.c: unknown type C: restore it from version control; it follows the Go interface, and holds its field numbers",
		},
		{
			"a strange import",
			"syntax = \"proto3\";\npackage foo.v1;\nimport \"google/protobuf/any.proto\";\n",
			`foo.proto:3:8: KG063: the .proto is not as kitgen wrote it: google/protobuf/any.proto is no file that kitgen imports: restore it from version control; it follows the Go interface, and holds its field numbers`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Code(svc, []byte(tt.text), "")
			if err == nil || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestProtoProblemsAreSorted(t *testing.T) {
	before := loadText(t, "package svc\nimport \"context\"\ntype P struct{ A int }\ntype Service interface{ F(ctx context.Context, p P, arg2 int) error }\n")
	after := loadText(t, "package svc\nimport \"context\"\ntype P struct{ A string }\ntype Service interface{ F(ctx context.Context, p P, arg2 string) error }\n")
	_, err := Proto(after, mustProto(t, before, nil))
	problems, ok := errors.AsType[spec.Problems](err)
	if !ok || len(problems) != 2 || !strings.HasPrefix(problems[0].Pos, "svc.go:3:") {
		t.Errorf("%v", err)
	}
}

func BenchmarkProto(b *testing.B) {
	svc := load(b, "addsvc")
	old := mustProto(b, svc, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Proto(svc, old); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCode(b *testing.B) {
	svc := load(b, "addsvc")
	text := mustProto(b, svc, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Code(svc, text, ""); err != nil {
			b.Fatal(err)
		}
	}
}
