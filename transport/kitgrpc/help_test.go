package kitgrpc_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a service as protoc would make it: Say, and Listen as a stream.
type echo func(ctx context.Context, text string) (string, error)

const (
	say        = "/test.Echo/Say"
	listenName = "/test.Echo/Listen"
)

var listenDesc = grpc.StreamDesc{StreamName: "Listen", ServerStreams: true, Handler: func(srv any, s grpc.ServerStream) error {
	in := new(wrapperspb.StringValue)
	if err := s.RecvMsg(in); err != nil {
		return err
	}
	out, err := srv.(echo)(s.Context(), in.Value)
	if err != nil {
		return err
	}
	return s.SendMsg(wrapperspb.String(out))
}}

func (e echo) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Echo",
		HandlerType: (*any)(nil),
		Streams:     []grpc.StreamDesc{listenDesc},
		Methods: []grpc.MethodDesc{{MethodName: "Say", Handler: func(srv any, ctx context.Context, dec func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := dec(in); err != nil {
				return nil, err
			}
			handle := func(ctx context.Context, req any) (any, error) {
				out, err := srv.(echo)(ctx, req.(*wrapperspb.StringValue).Value)
				return wrapperspb.String(out), err
			}
			if intercept == nil {
				return handle(ctx, in)
			}
			return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: say}, handle)
		}}},
	}, e)
}

// saying is the endpoint of Say, from string to string.
func saying(cc *grpc.ClientConn) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		out := new(wrapperspb.StringValue)
		if err := cc.Invoke(ctx, say, wrapperspb.String(request.(string)), out); err != nil {
			return nil, err
		}
		return out.Value, nil
	}
}

func returning(err error) echo {
	return func(context.Context, string) (string, error) { return "", err }
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := transport.Listen("addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// newServer is e on l.
func newServer(l net.Listener, e echo) transport.Server {
	s := kitgrpc.NewServer(kitgrpc.Config{})
	e.register(s)
	return s.On(l)
}

// serving is a process that has started.
type serving struct {
	stop   context.CancelFunc
	result chan error
}

// registered signals that everything is up.
type registered chan struct{}

func (r registered) Register()   { close(r) }
func (r registered) Deregister() {}

// serve runs s with transport.Serve and returns when it is up. It is stopped
// with the test.
func serve(t testing.TB, s transport.Server, cfg transport.Config) *serving {
	t.Helper()
	up := make(registered)
	cfg.Servers, cfg.Registrar = []transport.Server{s}, up
	ctx, cancel := context.WithCancel(context.Background())
	p := &serving{cancel, make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.result <- transport.Serve(ctx, cfg)
	}()
	t.Cleanup(func() { cancel(); <-done })
	select {
	case <-up:
	case <-done:
		t.Fatalf("did not start: %v", <-p.result)
	}
	return p
}

// start serves e for the time of the test and returns its address.
func start(t testing.TB, e echo) string {
	t.Helper()
	l := listen(t)
	serve(t, newServer(l, e), transport.Config{Propagation: -1})
	return l.Addr().String()
}

// dial is a client of addr for the time of the test.
func dial(t testing.TB, addr string, opts ...grpc.DialOption) endpoint.Endpoint {
	t.Helper()
	var call endpoint.Endpoint
	connect(t, addr, func(cc *grpc.ClientConn) { call = saying(cc) }, opts...)
	return call
}

// connect hands f the connection that Factory makes.
func connect(t testing.TB, addr string, f func(*grpc.ClientConn), opts ...grpc.DialOption) io.Closer {
	t.Helper()
	_, closer, err := kitgrpc.Factory(func(cc *grpc.ClientConn) endpoint.Endpoint {
		f(cc)
		return endpoint.Nop
	}, opts...)(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closer.Close() })
	return closer
}

// expiring is a context whose deadline has passed once passed is closed, however
// long that takes.
type expiring struct {
	context.Context

	passed chan struct{}
}

func (e expiring) Deadline() (time.Time, bool) { return time.Now().Add(time.Hour), true }
func (e expiring) Done() <-chan struct{}       { return e.passed }

func (e expiring) Err() error {
	select {
	case <-e.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
