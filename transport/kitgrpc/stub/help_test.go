package stub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

func TestMain(m *testing.M) {
	if os.Getenv(unregistered) != "" {
		_, err := stub.Dial(stub.Config{})
		fmt.Println(err)
		os.Exit(0)
	}
	stub.Register()
	goleak.VerifyTestMain(m)
}

// unregistered is set in the environment of a process that does not call Register.
const unregistered = "KIT_STUB_UNREGISTERED"

const (
	say     = "/test.Echo/Say"
	listens = "/test.Echo/Listen"
	soon    = 30 * time.Second // longer than any machine is slow
)

// backend is a server whose answers are its address, unless answer is set.
type backend struct {
	addr   string
	server *grpc.Server
	done   sync.WaitGroup
	calls  atomic.Int64
	answer atomic.Pointer[func(ctx context.Context, text string) (string, error)]
}

// serve starts a backend at addr; port 0 is any.
func serve(t testing.TB, addr string, opts ...grpc.ServerOption) *backend {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: l.Addr().String(), server: grpc.NewServer(opts...)}
	b.register(b.server)
	b.done.Go(func() { _ = b.server.Serve(l) })
	t.Cleanup(b.stop)
	return b
}

func (b *backend) stop() {
	b.server.Stop()
	b.done.Wait()
}

// answers makes f what the backend says.
func (b *backend) answers(f func(ctx context.Context, text string) (string, error)) {
	b.answer.Store(&f)
}

func (b *backend) say(ctx context.Context, text string) (string, error) {
	b.calls.Add(1)
	if f := b.answer.Load(); f != nil {
		return (*f)(ctx, text)
	}
	return b.addr, nil
}

// listen says the same until its context ends.
func (b *backend) listen(_ any, s grpc.ServerStream) error {
	in := new(wrapperspb.StringValue)
	for {
		if err := s.RecvMsg(in); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		out, err := b.say(s.Context(), in.Value)
		if err != nil {
			return err
		}
		if err := s.SendMsg(wrapperspb.String(out)); err != nil {
			return err
		}
	}
}

func (b *backend) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Echo",
		HandlerType: (*any)(nil),
		Streams:     []grpc.StreamDesc{{StreamName: "Listen", ServerStreams: true, ClientStreams: true, Handler: b.listen}},
		Methods: []grpc.MethodDesc{{MethodName: "Say", Handler: func(_ any, ctx context.Context, dec func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := dec(in); err != nil {
				return nil, err
			}
			handle := func(ctx context.Context, req any) (any, error) {
				out, err := b.say(ctx, req.(*wrapperspb.StringValue).Value)
				return wrapperspb.String(out), err
			}
			if intercept == nil {
				return handle(ctx, in)
			}
			return intercept(ctx, in, &grpc.UnaryServerInfo{FullMethod: say}, handle)
		}}},
	}, b)
}

// dial is a connection by cfg, which the test closes.
func dial(t testing.TB, target string, cfg stub.Config, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	ours, err := stub.Dial(cfg)
	if err != nil {
		t.Fatal(err)
	}
	opts = append(append(ours, grpc.WithTransportCredentials(insecure.NewCredentials())), opts...)
	cc, err := grpc.NewClient(target, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

// ask calls Say, and returns who answered.
func ask(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) (string, error) {
	out := new(wrapperspb.StringValue)
	err := cc.Invoke(ctx, say, wrapperspb.String("hello"), out, opts...)
	return out.Value, err
}

// reach calls until each of the backends has answered.
func reach(t testing.TB, cc *grpc.ClientConn, all ...*backend) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	missing := map[string]bool{}
	for _, b := range all {
		missing[b.addr] = true
	}
	for len(missing) > 0 {
		who, err := ask(ctx, cc, grpc.WaitForReady(true))
		if err != nil {
			t.Fatalf("with %v yet to answer: %v", missing, err)
		}
		delete(missing, who)
	}
}

func serveAll(t testing.TB, n int) []*backend {
	t.Helper()
	all := make([]*backend, n)
	for i := range all {
		all[i] = serve(t, "127.0.0.1:0")
	}
	return all
}

func addrs(all ...*backend) string {
	list := make([]string, len(all))
	for i, b := range all {
		list[i] = b.addr
	}
	return strings.Join(list, ",")
}

// state is a set as a resolver of gRPC's tells it.
func state(all ...*backend) resolver.State {
	s := resolver.State{Addresses: []resolver.Address{}}
	for _, b := range all {
		s.Addresses = append(s.Addresses, resolver.Address{Addr: b.addr})
	}
	return s
}

// byHand is a resolver that the test speaks for.
func byHand(first resolver.State) *manual.Resolver {
	r := manual.NewBuilderWithScheme("hand")
	r.InitialState(first)
	return r
}

// peerOf returns where a context's call went.
func peerOf(p *peer.Peer) string {
	if p.Addr == nil {
		return ""
	}
	return p.Addr.String()
}
