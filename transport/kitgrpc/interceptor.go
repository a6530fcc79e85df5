package kitgrpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/draining"
	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// system says whether a method is no work of the service.
func system(method string) bool {
	return method == loadMethod || strings.HasPrefix(method, "/grpc.")
}

// unary is around every unary call.
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	counted := !system(info.FullMethod)
	if counted {
		s.calls.Add(1)
	}
	if m := s.cfg.Load; m != nil && counted {
		r := m.Begin()
		resp, err := call(ctx, req, handler)
		report := r.Report().String()
		if answered(err) && ctx.Err() == nil {
			r.End()
		} else {
			r.Drop()
		}
		return resp, s.answer(ctx, info.FullMethod, report, err)
	}
	resp, err := call(ctx, req, handler)
	return resp, s.answer(ctx, info.FullMethod, "", err)
}

// call is handler's answer, or the error that its panic is.
func call(ctx context.Context, req any, handler grpc.UnaryHandler) (resp any, err error) {
	defer guard.Recover(&err)
	return handler(receiveAttempt(ctx), req)
}

// answer is the error that a unary call is answered with. The trailer says what
// else there is to say.
func (s *Server) answer(ctx context.Context, method, report string, err error) error {
	if md := s.trailer(report, err); md != nil {
		_ = grpc.SetTrailer(ctx, md) // fails only outside of a server
	}
	return s.status(method, err)
}

// status is err as gRPC sends it.
func (s *Server) status(method string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*guard.Panic](err); ok {
		_ = s.log.Log("msg", "panic", "method", method, "err", p)
	}
	return ToStatus(err).Err()
}

// trailer is nil where there is nothing to say.
func (s *Server) trailer(report string, err error) metadata.MD {
	after, pushed := saysWhen(err)
	leaving := s.leaving.Load()
	if report == "" && !pushed && !leaving {
		return nil
	}
	md := make(metadata.MD, 3)
	if report != "" {
		md[loadTrailer] = []string{report}
	}
	if pushed {
		md[pushback.Trailer] = []string{pushback.String(after)}
	}
	if leaving {
		md[draining.Metadata] = []string{draining.Yes}
	}
	return md
}

// saysWhen is when err says to come again: by RetryAfter, or in the details of
// a status.
func saysWhen(err error) (after time.Duration, ok bool) {
	if err == nil {
		return 0, false
	}
	if after, ok = pushback.Of(err); ok {
		return after, true
	}
	st, isStatus := errors.AsType[interface {
		error
		grpcStatus
	}](err)
	if !isStatus {
		return 0, false
	}
	return retryInfo(st.GRPCStatus())
}

// stream is around every stream.
func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	st := s.open.begin(ss, system(info.FullMethod))
	defer s.open.remove(st)
	if s.leaving.Load() {
		_ = st.SetHeader(metadata.MD{draining.Metadata: {draining.Yes}}) // fails only where headers are sent already
	}
	report, err := s.run(srv, st, handler)
	if st.stopped() {
		err = transport.ErrStopping
	}
	if md := s.trailer(report, err); md != nil && st.told.CompareAndSwap(false, true) {
		st.SetTrailer(md)
	}
	return s.status(info.FullMethod, err)
}

// run is handler's answer to a stream, counted.
func (s *Server) run(srv any, st *serverStream, handler grpc.StreamHandler) (report string, err error) {
	call := func() error { return handler(srv, st) }
	if st.system {
		return "", guard.Call(call)
	}
	s.calls.Add(1)
	m := s.cfg.Load
	if m == nil {
		return "", guard.Call(call)
	}
	r := m.Begin()
	defer r.Drop()
	err = guard.Call(call)
	return r.Report().String(), err
}
