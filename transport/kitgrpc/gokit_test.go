package kitgrpc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitgrpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

type text = wrapperspb.StringValue

// method is a service with one method, as protoc would make it.
type method func(context.Context, *text) (*text, error)

const methodName = "/test.Method/Call"

func (m method) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Method",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Call", Handler: func(srv any, ctx context.Context, dec func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			in := new(text)
			if err := dec(in); err != nil {
				return nil, err
			}
			handle := func(ctx context.Context, req any) (any, error) { return srv.(method)(ctx, req.(*text)) }
			if intercept == nil {
				return handle(ctx, in)
			}
			return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: methodName}, handle)
		}}},
	}, m)
}

// stub is its client.
func stub(cc grpc.ClientConnInterface) func(context.Context, *text, ...grpc.CallOption) (*text, error) {
	return func(ctx context.Context, in *text, opts ...grpc.CallOption) (*text, error) {
		out := new(text)
		if err := cc.Invoke(ctx, methodName, in, out, opts...); err != nil {
			return nil, err
		}
		return out, nil
	}
}

// The functions that go-kit has between messages and an endpoint from string to
// string, typed and as go-kit takes them.
func toString(_ context.Context, m *text) (string, error) { return m.GetValue(), nil }
func toText(_ context.Context, s string) (*text, error)   { return wrapperspb.String(s), nil }
func anyToString(_ context.Context, m any) (any, error)   { return m.(*text).GetValue(), nil }
func anyToText(_ context.Context, s any) (any, error)     { return wrapperspb.String(s.(string)), nil }

// goKits are the two ways to serve an endpoint, and to call it.
type goKit struct {
	serve func(e endpoint.Endpoint, before []kitgrpctransport.ServerRequestFunc, after []kitgrpctransport.ServerResponseFunc) method
	call  func(cc *grpc.ClientConn, before []kitgrpctransport.ClientRequestFunc, after []kitgrpctransport.ClientResponseFunc) endpoint.Endpoint
}

var goKits = map[string]goKit{
	"ours": {
		func(e endpoint.Endpoint, before []kitgrpctransport.ServerRequestFunc, after []kitgrpctransport.ServerResponseFunc) method {
			return kitgrpc.NewHandler(e, toString, toText, kitgrpc.HandlerConfig{Before: before, After: after})
		},
		func(cc *grpc.ClientConn, before []kitgrpctransport.ClientRequestFunc, after []kitgrpctransport.ClientResponseFunc) endpoint.Endpoint {
			return kitgrpc.NewEndpoint(stub(cc), toText, toString, kitgrpc.EndpointConfig{Before: before, After: after})
		},
	},
	"go-kit's own": {
		func(e endpoint.Endpoint, before []kitgrpctransport.ServerRequestFunc, after []kitgrpctransport.ServerResponseFunc) method {
			s := kitgrpctransport.NewServer(e, anyToString, anyToText, kitgrpctransport.ServerBefore(before...),
				kitgrpctransport.ServerAfter(kitgrpc.MakeMetadata), kitgrpctransport.ServerAfter(after...))
			return func(ctx context.Context, in *text) (*text, error) {
				_, out, err := s.ServeGRPC(ctx, in)
				if err != nil {
					return nil, err
				}
				return out.(*text), nil
			}
		},
		func(cc *grpc.ClientConn, before []kitgrpctransport.ClientRequestFunc, after []kitgrpctransport.ClientResponseFunc) endpoint.Endpoint {
			return kitgrpctransport.NewClient(cc, "test.Method", "Call", anyToText, anyToString, text{},
				kitgrpctransport.ClientBefore(kitgrpc.KeepMetadata), kitgrpctransport.ClientBefore(before...), kitgrpctransport.ClientAfter(after...)).Endpoint()
		},
	},
}

// serveMethod serves m, and connects to it.
func serveMethod(t *testing.T, m method) (cc *grpc.ClientConn) {
	t.Helper()
	l := listen(t)
	s := kitgrpc.NewServer(kitgrpc.Config{})
	m.register(s)
	serve(t, s.On(l), transport.Config{Propagation: -1})
	return connection(t, l)
}

// TestGoKitsMetadata: what go-kit's own functions add arrives, beside what was
// there before (go-kit #833 and its Client's NewOutgoingContext).
func TestGoKitsMetadata(t *testing.T) {
	for server, serving := range goKits {
		for client, calling := range goKits {
			name := server + " server, " + client + " client"
			var in, header, trailer metadata.MD
			cc := serveMethod(t, serving.serve(
				func(context.Context, any) (any, error) { return "hello", nil },
				[]kitgrpctransport.ServerRequestFunc{func(ctx context.Context, md metadata.MD) context.Context { in = md; return ctx }},
				[]kitgrpctransport.ServerResponseFunc{kitgrpctransport.SetResponseHeader("h", "1"), kitgrpctransport.SetResponseTrailer("t", "2")},
			))
			call := calling.call(cc,
				[]kitgrpctransport.ClientRequestFunc{kitgrpctransport.SetRequestHeader("added", "3")},
				[]kitgrpctransport.ClientResponseFunc{func(ctx context.Context, h, t metadata.MD) context.Context {
					header, trailer = h, t
					return ctx
				}})
			ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00", "raw-bin", "\x01\x02\x03")
			if got, err := call(ctx, "hi"); got != "hello" || err != nil {
				t.Errorf("%s: %v, %v", name, got, err)
			}
			for key, want := range map[string]string{"added": "3", "traceparent": "00", "raw-bin": "\x01\x02\x03"} {
				if !slices.Equal(in[key], []string{want}) {
					t.Errorf("%s: the server got %s: %q, want %q", name, key, in[key], want)
				}
			}
			if !slices.Equal(header["h"], []string{"1"}) || !slices.Equal(trailer["t"], []string{"2"}) {
				t.Errorf("%s: the client got header %v and trailer %v", name, header, trailer)
			}
		}
	}
}

// TestGoKitsErrors: a code, details and a time to come again survive both ways.
func TestGoKitsErrors(t *testing.T) {
	detailed, err := status.New(codes.FailedPrecondition, "not yet").WithDetails(
		&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)},
		&errdetails.ErrorInfo{Reason: "cold", Domain: "example.org"})
	if err != nil {
		t.Fatal(err)
	}
	for server, serving := range goKits {
		for client, calling := range goKits {
			name := server + " server, " + client + " client"
			var sent error
			call := calling.call(serveMethod(t, serving.serve(func(context.Context, any) (any, error) { return nil, sent }, nil, nil)), nil, nil)

			sent = &transport.Error{Status: 422, Code: "empty", Message: "empty string"}
			if _, err := call(t.Context(), ""); !errors.Is(err, sent) || transport.ErrorOf(err).Status != 422 || err.Error() != "empty string" {
				t.Errorf("%s: %v", name, err)
			}
			sent = busy{time.Second, true}
			_, err := call(t.Context(), "")
			if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || status.Code(err) != codes.ResourceExhausted {
				t.Errorf("%s: %v", name, err)
			} else if after, ok := e.RetryAfter(); after != time.Second || !ok {
				t.Errorf("%s: pushed back %v %t", name, after, ok)
			}
			sent = detailed.Err()
			_, err = call(t.Context(), "")
			e, ok := errors.AsType[*kitgrpc.Error](err)
			if !ok || e.ErrorCode() != "cold" || len(status.Convert(err).Details()) != 2 || status.Code(err) != codes.FailedPrecondition {
				t.Fatalf("%s: %v, %v", name, err, status.Convert(err).Details())
			}
			if after, ok := e.RetryAfter(); after != 3*time.Second || !ok {
				t.Errorf("%s: RetryInfo pushes back %v %t", name, after, ok)
			}
			if _, ok := errors.AsType[interface {
				error
				GRPCStatus() *status.Status
			}](err); !ok {
				t.Errorf("%s: %T is no status", name, err)
			}
		}
	}
}

// TestRetryInfoIsAPushback for clients that do not read details, such as grpc's
// own retry; and without a trailer for ours.
func TestRetryInfoIsAPushback(t *testing.T) {
	st, err := status.New(codes.Unavailable, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(2 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	cc := serveMethod(t, func(context.Context, *text) (*text, error) { return nil, st.Err() })
	var trailer metadata.MD
	if _, err := stub(cc)(t.Context(), new(text), grpc.Trailer(&trailer)); err == nil {
		t.Error("no error")
	}
	if got := trailer.Get("grpc-retry-pushback-ms"); !slices.Equal(got, []string{"2000"}) {
		t.Errorf("the trailer says %v", got)
	}
	if e, ok := errors.AsType[*kitgrpc.Error](kitgrpc.FromError(st.Err())); !ok {
		t.Error("FromError makes no *Error")
	} else if after, ok := e.RetryAfter(); after != 2*time.Second || !ok {
		t.Errorf("pushed back %v %t", after, ok)
	}
	for name, d := range map[string]*durationpb.Duration{"none": nil, "negative": durationpb.New(-1), "no duration": {Nanos: -1, Seconds: 1}} {
		st, err := status.New(codes.Unavailable, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: d})
		if err != nil {
			t.Fatal(err)
		}
		e, _ := errors.AsType[*kitgrpc.Error](kitgrpc.FromError(st.Err()))
		if after, ok := e.RetryAfter(); after != 0 || ok && name != "none" {
			t.Errorf("%s: pushed back %v %t", name, after, ok)
		}
	}
}

// failed is a response that is an error, as go-kit has them.
type failed struct{ error }

func (f failed) Failed() error { return f.error }

// TestHandler is what NewHandler has beyond go-kit's.
func TestHandler(t *testing.T) {
	answer := func(resp any, err error) endpoint.Endpoint {
		return func(ctx context.Context, _ any) (any, error) {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("own-bin", "\x04\x05"))
			return resp, err
		}
	}
	bad := func(err error) func(context.Context, *text) (string, error) {
		return func(context.Context, *text) (string, error) { return "", err }
	}
	for name, tt := range map[string]struct {
		e    endpoint.Endpoint
		dec  func(context.Context, *text) (string, error)
		code codes.Code
		says string

		called bool
	}{
		"an error":               {answer(nil, &transport.Error{Status: 404, Message: "no such"}), toString, codes.NotFound, "no such", true},
		"a Failer":               {answer(failed{&transport.Error{Status: 404, Message: "no such"}}, nil), toString, codes.NotFound, "no such", true},
		"another type":           {answer(7, nil), toString, codes.Unknown, "the endpoint returned a int, and the encoder takes a string", true},
		"no response":            {answer(nil, nil), toString, codes.OK, "", true},
		"a request that is bad":  {answer("", nil), bad(errors.New("no number")), codes.InvalidArgument, "no number", false},
		"and that says how":      {answer("", nil), bad(&transport.Error{Status: 413, Message: "long"}), codes.InvalidArgument, "long", false},
		"or says it by a status": {answer("", nil), bad(status.Error(codes.OutOfRange, "far")), codes.OutOfRange, "far", false},
	} {
		var ended error
		handled := 0
		m := method(kitgrpc.NewHandler(tt.e, tt.dec, toText, kitgrpc.HandlerConfig{
			After:   []kitgrpctransport.ServerResponseFunc{kitgrpctransport.SetResponseTrailer("t", "1")},
			Finally: []kitgrpctransport.ServerFinalizerFunc{func(_ context.Context, err error) { ended = err }},
			Errors:  handlerFunc(func(context.Context, error) { handled++ }),
		}))
		var trailer metadata.MD
		_, err := stub(serveMethod(t, m))(t.Context(), new(text), grpc.Trailer(&trailer))
		if status.Code(err) != tt.code || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
		if status.Code(ended) != tt.code || (handled > 0) != (tt.code != codes.OK) {
			t.Errorf("%s: ended with %v, handled %d times", name, ended, handled)
		}
		if !tt.called {
			continue
		}
		if !slices.Equal(trailer["t"], []string{"1"}) || !slices.Equal(trailer["own-bin"], []string{"\x04\x05"}) {
			t.Errorf("%s: the trailer is %q", name, trailer)
		}
	}
}

type handlerFunc func(context.Context, error)

func (f handlerFunc) Handle(ctx context.Context, err error) { f(ctx, err) }

// TestEndpoint is what NewEndpoint has beyond go-kit's.
func TestEndpoint(t *testing.T) {
	cc := serveMethod(t, func(ctx context.Context, in *text) (*text, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		if in.GetValue() == "" {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("why", "empty"))
			return nil, &transport.Error{Status: 422}
		}
		return wrapperspb.String(strings.Join(md["who"], ",")), nil
	})
	var trailer metadata.MD
	var ended []error
	call := kitgrpc.NewEndpoint(stub(grpc.ClientConnInterface(cc)), toText, toString, kitgrpc.EndpointConfig{
		Before: []kitgrpctransport.ClientRequestFunc{kitgrpctransport.SetRequestHeader("who", "me")},
		After: []kitgrpctransport.ClientResponseFunc{func(ctx context.Context, _, t metadata.MD) context.Context {
			trailer = t
			return ctx
		}},
		Finally: []kitgrpctransport.ClientFinalizerFunc{func(_ context.Context, err error) { ended = append(ended, err) }},
		Options: []grpc.CallOption{grpc.MaxCallSendMsgSize(100)},
	})
	if got, err := call(metadata.AppendToOutgoingContext(t.Context(), "who", "you"), "a"); got != "me" || err != nil {
		t.Errorf("%v, %v; want what Before says in place of the context's", got, err)
	}
	if _, err := call(t.Context(), ""); transport.ErrorOf(err).Status != 422 || !slices.Equal(trailer["why"], []string{"empty"}) {
		t.Errorf("%v, trailer %v", err, trailer)
	}
	if _, err := call(t.Context(), strings.Repeat("a", 101)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("an option of the call is not heeded: %v", err)
	}
	if _, err := call(t.Context(), 7); err == nil || err.Error() != "the endpoint was called with a int, and takes a string" {
		t.Error(err)
	}
	if len(ended) != 4 || ended[0] != nil || ended[3] == nil {
		t.Errorf("ended with %v", ended)
	}
}
