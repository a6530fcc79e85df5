package authgrpc

import (
	"context"
	"errors"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// ServerConfig is how a bare gRPC server is guarded.
type ServerConfig struct {
	// Guard is auth.New, and auth.Require inside it where all methods ask for
	// the same (endpoint.Chain); required. It sees the request of a unary call,
	// and nil for a stream.
	Guard endpoint.Middleware

	// Public says which methods anybody may call, by their full name; none if
	// nil. "/grpc.health.v1.Health/Check" is one that orchestrators call.
	Public func(fullMethod string) bool

	Extract ExtractConfig
}

// Validate returns an error that names the first field that makes no sense.
func (c ServerConfig) Validate() error {
	if c.Guard == nil {
		return errors.New("authgrpc: ServerConfig.Guard is nil: want the middleware that auth.New returns")
	}
	return c.Extract.Validate()
}

// ServerOptions make a grpc.Server guard every unary call and every stream. What
// the guard turns down ends with the code of its HTTP status: Unauthenticated,
// PermissionDenied or Unavailable. A cfg that Validate rejects is a mistake in
// the program, and ServerOptions panics with Validate's error.
func ServerOptions(cfg ServerConfig) []grpc.ServerOption {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	if cfg.Public == nil {
		cfg.Public = func(string) bool { return false }
	}
	i := &interceptor{cfg, Extract(cfg.Extract)}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(i.unary), grpc.ChainStreamInterceptor(i.stream)}
}

// ExtractOptions make a grpc.Server put what callers show into the context of
// every call, for endpoints that auth.New guards further in, as middleware.Server
// does. They turn nobody down. A cfg that Validate rejects is a mistake in the
// program, and ExtractOptions panics with Validate's error.
func ExtractOptions(cfg ExtractConfig) []grpc.ServerOption {
	return ServerOptions(ServerConfig{Extract: cfg, Guard: func(next endpoint.Endpoint) endpoint.Endpoint { return next }})
}

type interceptor struct {
	ServerConfig
	extract func(context.Context, metadata.MD) context.Context
}

func (i *interceptor) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if i.Public(info.FullMethod) {
		return handler(ctx, req)
	}
	return i.guard(ctx, req, endpoint.Endpoint(handler))
}

func (i *interceptor) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if i.Public(info.FullMethod) {
		return handler(srv, stream)
	}
	_, err := i.guard(stream.Context(), nil, func(ctx context.Context, _ any) (any, error) {
		return nil, handler(srv, &guardedStream{stream, ctx})
	})
	return err
}

// guard calls next inside the guard. It changes the error of the guard alone:
// that of next goes on as it is.
func (i *interceptor) guard(ctx context.Context, req any, next endpoint.Endpoint) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx) // none is empty
	called := false
	resp, err := i.Guard(func(ctx context.Context, req any) (any, error) {
		called = true
		return next(ctx, req)
	})(i.extract(ctx, md), req)
	if err != nil && !called {
		err = rejected(err)
	}
	return resp, err
}

// guardedStream is a stream whose context knows who calls.
type guardedStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // a grpc.ServerStream carries its own
}

func (s *guardedStream) Context() context.Context { return s.ctx }

// rejected gives the guard's error the status it ends the call with; it
// stays what it was for errors.Is and As.
func rejected(err error) error {
	code := codes.Unknown
	if s, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		code = codeOf(s.StatusCode())
	}
	return &statusError{err, status.New(code, err.Error())}
}

// codeOf has the statuses that a guard answers with.
func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case 401:
		return codes.Unauthenticated
	case 403:
		return codes.PermissionDenied
	case 429:
		return codes.ResourceExhausted
	case 499:
		return codes.Canceled
	case 503:
		return codes.Unavailable
	case 504:
		return codes.DeadlineExceeded
	default:
		return codes.Unknown
	}
}

type statusError struct {
	error
	status *status.Status
}

func (e *statusError) Unwrap() error              { return e.error }
func (e *statusError) GRPCStatus() *status.Status { return e.status }
