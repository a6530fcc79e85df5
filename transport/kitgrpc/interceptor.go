package kitgrpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/draining"
	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// system says whether a method is no work of the service.
func system(method string) bool {
	return method == loadMethod || strings.HasPrefix(method, "/grpc.") || strings.HasPrefix(method, "/"+orcaService)
}

// unary is around every unary call.
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if system(info.FullMethod) {
		resp, err := s.call(ctx, req, info.FullMethod, handler)
		return resp, s.answer(ctx, info.FullMethod, nil, err)
	}
	s.calls.Add(1)
	if s.cfg.Load == nil {
		resp, err := s.call(ctx, req, info.FullMethod, handler)
		return resp, s.answer(ctx, info.FullMethod, s.reports("", err), err)
	}
	r, timed := s.cfg.Load.Begin(), false
	defer func() {
		if timed {
			r.End()
		} else {
			r.Drop()
		}
	}()
	resp, err := s.call(ctx, req, info.FullMethod, handler)
	timed = answered(err) && ctx.Err() == nil
	return resp, s.answer(ctx, info.FullMethod, s.reports(r.Report().String(), err), err)
}

// reports are what clients are told of how busy the server is, after a call that
// ended with err.
func (s *Server) reports(load string, err error) (md metadata.MD) {
	if s.usage == nil && load == "" {
		return nil
	}
	md = make(metadata.MD, 2)
	if load != "" {
		md[loadTrailer] = []string{load}
	}
	if s.usage != nil {
		if report := s.usage.after(answered(err)); report != "" {
			md[orcaTrailer] = []string{report}
		}
	}
	return md
}

// call is handler's answer, or the error that its panic is.
func (s *Server) call(ctx context.Context, req any, method string, handler grpc.UnaryHandler) (resp any, err error) {
	returned := false
	defer s.caught(ctx, method, &returned, &err)
	resp, err = handler(receiveAttempt(ctx), req)
	returned = true
	return resp, err
}

// caught is deferred around a handler: a panic becomes its error, and one that
// ends its goroutine instead (runtime.Goexit, as a test's FailNow does) is answered
// for, of which gRPC takes no note: its client, and a stop, would wait for ever.
func (s *Server) caught(ctx context.Context, method string, returned *bool, err *error) {
	if v := recover(); v != nil {
		*err = guard.New(v)
		return
	}
	if *returned {
		return
	}
	_ = s.log.Log("msg", "handler ended its goroutine, and must return", "method", method)
	if md := s.trailer(nil, nil); len(md) > 0 {
		_ = grpc.SetTrailer(ctx, md) // fails only outside of a server
	}
	writeStatus(ctx, status.New(codes.Internal, "the handler ended its goroutine; the server's log has the method"))
}

// answer is the error that a unary call is answered with. The trailer is md, and
// what else there is to say.
func (s *Server) answer(ctx context.Context, method string, md metadata.MD, err error) error {
	if md = s.trailer(md, err); len(md) > 0 {
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

// trailer is md, and what else there is to say.
func (s *Server) trailer(md metadata.MD, err error) metadata.MD {
	after, pushed := saysWhen(err)
	leaving := s.leaving.Load()
	if md == nil && (pushed || leaving) {
		md = make(metadata.MD, 2)
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
	if _, panicked := errors.AsType[*guard.Panic](err); panicked || !isStatus {
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
	md, err := s.run(srv, st, info.FullMethod, handler)
	if st.stopped() {
		err = transport.ErrStopping
	}
	if md = s.trailer(md, err); len(md) > 0 && st.told.CompareAndSwap(false, true) {
		st.SetTrailer(md)
	}
	return s.status(info.FullMethod, err)
}

// run is handler's answer to a stream, and the reports after it.
func (s *Server) run(srv any, st *serverStream, method string, handler grpc.StreamHandler) (reports metadata.MD, err error) {
	call := func() (err error) {
		returned := false
		defer s.caught(st.ctx, method, &returned, &err)
		err = handler(srv, st)
		returned = true
		return err
	}
	if st.system {
		return nil, call()
	}
	s.calls.Add(1)
	m := s.cfg.Load
	if m == nil {
		err = call()
		return s.reports("", err), err
	}
	r := m.Begin()
	defer r.Drop()
	err = call()
	return s.reports(r.Report().String(), err), err
}
