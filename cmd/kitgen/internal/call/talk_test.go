package call

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	reflectpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

const talk = `package talk

import (
	"context"
	"iter"
)

type Word struct {
	Text string ` + "`json:\"text\"`" + `
	Loud bool   ` + "`json:\"loud\"`" + `
}

type Service interface {
	// Say repeats a word.
	//
	//kit:idempotent
	Say(ctx context.Context, word Word, times int32) (said Word, err error)
	// Count counts, and then has enough.
	Count(ctx context.Context, most int32) (numbers iter.Seq2[int32, error], err error)
	// Sum adds values to start.
	Sum(ctx context.Context, start int32, values iter.Seq[int32]) (total int32, err error)
	// Echo says what it hears.
	//
	//kit:skip http
	Echo(ctx context.Context, words iter.Seq[Word]) (heard iter.Seq2[Word, error], err error)
	// Wait answers when nobody waits any more.
	Wait(ctx context.Context) error
}
`

// loadTalk is a service that streams in every way, with its .proto in its directory.
func loadTalk(t *testing.T) (*known, protoreflect.ServiceDescriptor) {
	t.Helper()
	svc, err := spec.LoadFS(fstest.MapFS{"talk.go": {Data: []byte(talk)}}, spec.Options{Module: "example.com/talk"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := protogen.Proto(svc, nil)
	if err != nil {
		t.Fatal(err)
	}
	k := &known{dir: t.TempDir(), svc: svc, manifest: &project.Manifest{Service: "talk", Registry: "etcd", Transports: []string{"http", "grpc"}}}
	path := filepath.Join(k.dir, filepath.FromSlash(render.ProtoPath(svc)))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := protogen.Descriptor(svc, text)
	if err != nil {
		t.Fatal(err)
	}
	return k, d
}

// serveTalk is the service over gRPC, made of nothing but its .proto, and where it
// listens.
func serveTalk(t *testing.T, d protoreflect.ServiceDescriptor, reflects bool) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := kitgrpc.NewServer(kitgrpc.Config{NoReflection: true}, grpc.UnknownServiceHandler(talker{d}.serve))
	if reflects {
		files := new(protoregistry.Files)
		if err := files.RegisterFile(d.ParentFile()); err != nil {
			t.Fatal(err)
		}
		reflectpb.RegisterServerReflectionServer(s, reflection.NewServerV1(reflection.ServerOptions{Services: talker{d}, DescriptorResolver: files}))
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

type talker struct{ protoreflect.ServiceDescriptor }

// GetServiceInfo implements reflection.ServiceInfoProvider.
func (s talker) GetServiceInfo() map[string]grpc.ServiceInfo {
	return map[string]grpc.ServiceInfo{string(s.FullName()): {}, "grpc.health.v1.Health": {}}
}

func (s talker) serve(_ any, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	d := s.Methods().ByName(protoreflect.Name(path[strings.LastIndexByte(path, '/')+1:]))
	if d == nil {
		return status.Error(codes.Unimplemented, path)
	}
	c := conversation{stream, d}
	switch d.Name() {
	case "Say":
		return c.say()
	case "Count":
		return c.count()
	case "Sum":
		return c.sum()
	case "Echo":
		return c.echo()
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

type conversation struct {
	grpc.ServerStream
	d protoreflect.MethodDescriptor
}

func (c conversation) hear() (*dynamicpb.Message, error) {
	m := dynamicpb.NewMessage(c.d.Input())
	return m, c.RecvMsg(m)
}

func field1(m *dynamicpb.Message) protoreflect.FieldDescriptor { return m.Descriptor().Fields().Get(0) }

func (c conversation) tell(v protoreflect.Value) error {
	m := dynamicpb.NewMessage(c.d.Output())
	m.Set(field1(m), v)
	return c.SendMsg(m)
}

// say answers the word, or what it was told in its metadata.
func (c conversation) say() error {
	m, err := c.hear()
	if err != nil {
		return err
	}
	word := m.Get(field1(m)).Message()
	text := word.Descriptor().Fields().ByName("text")
	switch word.Get(text).String() {
	case "bad":
		st, err := status.New(codes.FailedPrecondition, "no \x1b[2J such words").WithDetails(durationpb.New(time.Second))
		return errors.Join(err, st.Err())
	case "header":
		md, _ := metadata.FromIncomingContext(c.Context())
		said := word.New()
		said.Set(text, protoreflect.ValueOfString(strings.Join(append(md["x-word"], md["x-raw-bin"]...), " ")))
		return c.tell(protoreflect.ValueOfMessage(said))
	}
	return c.tell(m.Get(field1(m)))
}

func (c conversation) count() error {
	m, err := c.hear()
	if err != nil {
		return err
	}
	if err := c.SendHeader(nil); err != nil {
		return err
	}
	for n := range int32(m.Get(field1(m)).Int()) {
		if err := c.tell(protoreflect.ValueOfInt32(n + 1)); err != nil {
			return err
		}
	}
	return status.Error(codes.ResourceExhausted, "enough")
}

func (c conversation) sum() error {
	total := int32(0)
	for {
		m, err := c.hear()
		if errors.Is(err, io.EOF) {
			return c.tell(protoreflect.ValueOfInt32(total))
		}
		if err != nil {
			return err
		}
		for f := range each(m.Descriptor().Fields()) {
			total += int32(m.Get(f).Int())
		}
	}
}

func (c conversation) echo() error {
	if err := c.SendHeader(nil); err != nil {
		return err
	}
	for {
		m, err := c.hear()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.tell(m.Get(field1(m))); err != nil {
			return err
		}
	}
}

// typist runs command lines.
type typist struct {
	in       io.Reader
	out, err bytes.Buffer
	json     bool
}

// here calls a method of k.
func (u *typist) here(ctx context.Context, k *known, line ...string) error {
	cmd, o, con := u.parse()
	if err := cmd.ParseFlags(line); err != nil {
		return err
	}
	words, err := o.sort(cmd.Flags().Args())
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err
	}
	return (&run{options: o, con: con}).byInterface(ctx, []*known{k}, words)
}

// anywhere is a whole command line.
func (u *typist) anywhere(ctx context.Context, line ...string) error {
	cmd, _, _ := u.parse()
	cmd.SetArgs(line)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	return cmd.ExecuteContext(ctx)
}

func (u *typist) parse() (*cobra.Command, *options, *console.Console) {
	con := &console.Console{In: u.in, Out: &u.out, Err: &u.err, JSON: u.json, Verbose: true}
	o := new(options)
	return o.command(con), o, con
}
