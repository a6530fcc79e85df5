package kitgrpc_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// stream calls Listen and returns the error that ends it.
func stream(ctx context.Context, cc *grpc.ClientConn, text string) error {
	s, err := cc.NewStream(ctx, &listenDesc, listenName)
	if err != nil {
		return err
	}
	if err := s.SendMsg(wrapperspb.String(text)); err != nil {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	return s.RecvMsg(new(wrapperspb.StringValue))
}

func TestPanicsAreAnsweredAndLogged(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	logger := log.LoggerFunc(func(kv ...any) error {
		mu.Lock()
		defer mu.Unlock()
		return log.NewLogfmtLogger(&out).Log(kv...)
	})
	logged := func() string {
		mu.Lock()
		defer mu.Unlock()
		defer out.Reset()
		return out.String()
	}
	s := kitgrpc.NewServer(kitgrpc.Config{Logger: logger})
	echo(func(context.Context, string) (string, error) { panic("boom") }).register(s)
	l := listen(t)
	serve(t, s.On(l), transport.Config{Propagation: -1})
	connect(t, l.Addr().String(), func(cc *grpc.ClientConn) {
		for name, call := range map[string]func() error{
			say:        func() error { _, err := saying(cc)(t.Context(), ""); return err },
			listenName: func() error { return stream(t.Context(), cc, "") },
		} {
			if err := call(); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "boom") {
				t.Errorf("%s: %v", name, err)
			}
			if text := logged(); !strings.Contains(text, "level=error msg=panic method="+name) || !strings.Contains(text, "panic: boom") || !strings.Contains(text, "interceptor_test.go") {
				t.Errorf("%s: logged %q, want the panic and its stack", name, text)
			}
		}
	})
}

// TestPanicsWithErrors are no answers, whatever status the error has.
func TestPanicsWithErrors(t *testing.T) {
	later, err := status.New(codes.NotFound, "secret").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	call := dial(t, start(t, func(context.Context, string) (string, error) { panic(later.Err()) }))
	_, err = call(t.Context(), "")
	e, ok := errors.AsType[*kitgrpc.Error](err)
	if !ok || status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
		t.Fatalf("the client sees %v", err)
	}
	if after, said := e.RetryAfter(); said {
		t.Errorf("and is to come again after %v", after)
	}
}

// TestHandlersThatDoNotReturn are answered for, are not in flight any more, and do
// not hold up a stop.
func TestHandlersThatDoNotReturn(t *testing.T) {
	meter := new(kitgrpc.Meter)
	s := kitgrpc.NewServer(kitgrpc.Config{Load: meter})
	echo(func(context.Context, string) (string, error) { runtime.Goexit(); return "", nil }).register(s)
	l := listen(t)
	p := serve(t, s.On(l), transport.Config{Propagation: -1, Drain: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for ever, without an answer
	defer cancel()
	connect(t, l.Addr().String(), func(cc *grpc.ClientConn) {
		_, err := saying(cc)(ctx, "")
		for name, err := range map[string]error{say: err, listenName: stream(ctx, cc, "")} {
			if status.Code(err) != codes.Internal {
				t.Errorf("%s: the client sees %v", name, err)
			}
		}
	})
	p.stop()
	if err := <-p.result; err != nil {
		t.Error(err)
	}
	if n := meter.Report().InFlight; n != 0 {
		t.Errorf("%d calls are in flight", n)
	}
}

func TestStreamsEndWithTheSameErrors(t *testing.T) {
	sent := &transport.Error{Status: 422, Code: "empty", Message: "empty string"}
	connect(t, start(t, returning(sent)), func(cc *grpc.ClientConn) {
		err := stream(t.Context(), cc, "")
		if _, ok := errors.AsType[*kitgrpc.Error](err); !ok || !errors.Is(err, sent) {
			t.Errorf("%v is not what was sent", err)
		}
	})
	connect(t, start(t, func(_ context.Context, text string) (string, error) { return text, nil }), func(cc *grpc.ClientConn) {
		if err := stream(t.Context(), cc, "hello"); err != nil {
			t.Error(err)
		}
	})
}

// TestOwnInterceptorsSeeErrors: those of the server what the handler returned,
// those of the client an *Error.
func TestOwnInterceptorsSeeErrors(t *testing.T) {
	sent := errors.New("as the handler returned it")
	var server, client error
	s := kitgrpc.NewServer(kitgrpc.Config{}, grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		resp, err := next(ctx, req)
		server = err
		return resp, err
	}))
	returning(sent).register(s)
	l := listen(t)
	p := serve(t, s.On(l), transport.Config{Propagation: -1})
	call := dial(t, l.Addr().String(), grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		client = next(ctx, method, req, reply, cc, opts...)
		return client
	}))
	_, err := call(t.Context(), "")
	p.stop()
	<-p.result
	if server != sent {
		t.Errorf("the server's interceptor saw %v", server)
	}
	if _, ok := errors.AsType[*kitgrpc.Error](client); !ok || client != err {
		t.Errorf("the client's interceptor saw %v", client)
	}
}
