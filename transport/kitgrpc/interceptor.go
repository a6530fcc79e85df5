package kitgrpc

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// ServerOptions make a grpc.Server answer errors with ToStatus, and panics with
// Internal after logging them with their stack. What an error says by a method
//
//	RetryAfter() (after time.Duration, ok bool)
//
// anywhere in its tree about coming again goes into the trailer
// grpc-retry-pushback-ms (gRPC's proposal A6; -1 is never), and what a client of
// Factory tells of its attempts into the handler's context.
//
// They allow the keepalive pings of Factory's clients, notice within about a
// minute a client that is gone, and give a new connection 10 s for its
// handshake. Pass them before options with interceptors of your own, so that
// theirs see what those return. A nil logger logs nothing.
func ServerOptions(logger log.Logger) []grpc.ServerOption {
	if logger == nil {
		logger = log.NewNopLogger()
	}
	s := &interceptor{log: level.Error(logger)}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(s.unary),
		grpc.ChainStreamInterceptor(s.stream),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 10 * time.Second}),
	}
}

type interceptor struct{ log log.Logger }

func (s *interceptor) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer s.answer(ctx, info.FullMethod, &err)
	defer guard.Recover(&err)
	ctx, _ = receiveAttempt(ctx)
	return handler(ctx, req)
}

func (s *interceptor) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer s.answer(stream.Context(), info.FullMethod, &err)
	defer guard.Recover(&err)
	if ctx, told := receiveAttempt(stream.Context()); told {
		stream = &toldStream{stream, ctx}
	}
	return handler(srv, stream)
}

// answer makes *err what the caller is told of it.
func (s *interceptor) answer(ctx context.Context, method string, err *error) {
	if *err == nil {
		return
	}
	if p, ok := errors.AsType[*guard.Panic](*err); ok {
		_ = s.log.Log("msg", "panic", "method", method, "err", p)
	}
	if after, ok := pushback.Of(*err); ok {
		_ = grpc.SetTrailer(ctx, metadata.MD{pushback.Trailer: {pushback.String(after)}}) // fails only outside of a server
	}
	*err = ToStatus(*err).Err()
}
