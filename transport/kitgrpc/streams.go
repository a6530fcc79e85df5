package kitgrpc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/draining"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// streams are the open streams of a server, so that it can end them.
type streams struct {
	mu    sync.Mutex // guards the fields below
	open  map[*serverStream]struct{}
	ended extent
}

// extent says which streams end.
type extent int

const (
	none extent = iota
	ours        // those of health and reflection
	all         // every one
	deaf        // every one, whatever its handler does
)

// begin makes a stream one of s. end is called when its handler has returned.
func (s *streams) begin(stream grpc.ServerStream, system bool) *serverStream {
	st := &serverStream{ServerStream: stream, system: system}
	st.ctx, st.cancel = context.WithCancelCause(receiveAttempt(stream.Context()))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[*serverStream]struct{})
	}
	s.open[st] = struct{}{}
	if s.concerns(st) {
		st.stop(false)
	}
	return st
}

// concerns needs s.mu.
func (s *streams) concerns(st *serverStream) bool {
	return s.ended >= all || s.ended == ours && st.system
}

func (s *streams) remove(st *serverStream) {
	st.cancel(nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, st)
}

// end ends streams, and those that begin later.
func (s *streams) end(which extent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = max(s.ended, which)
	for st := range s.open {
		if s.concerns(st) {
			st.stop(which == deaf)
		}
	}
}

// serverStream is a stream that its server can end: gRPC itself has no way to
// let go a handler that waits for a client's next message, but to break the
// connection.
type serverStream struct {
	grpc.ServerStream

	ctx       context.Context // what Context returns is the interface's, not ours to choose
	cancel    context.CancelCauseFunc
	system    bool         // of health or reflection
	receiving atomic.Int32 // goroutines that are in RecvMsg
	told      atomic.Bool  // the trailer says what came of it
}

// Context is that of the stream, and ends with the server, too.
func (s *serverStream) Context() context.Context { return s.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *serverStream) RecvMsg(m any) error {
	s.receiving.Add(1) // before stopped: see stop
	defer s.receiving.Add(-1)
	if s.stopped() {
		return ToStatus(transport.ErrStopping).Err()
	}
	err := s.ServerStream.RecvMsg(m)
	if err != nil && s.stopped() {
		return ToStatus(transport.ErrStopping).Err()
	}
	return err
}

// stopped reports whether it is the server that ended the stream.
func (s *serverStream) stopped() bool {
	return s.ctx.Err() != nil && errors.Is(context.Cause(s.ctx), transport.ErrStopping)
}

// stop ends the stream's context; the handler's return ends the stream. Where the
// handler waits for a message, or is deaf, the client is told right away, which
// lets RecvMsg go.
func (s *serverStream) stop(deaf bool) {
	s.cancel(transport.ErrStopping)
	if !deaf && s.receiving.Load() == 0 {
		return
	}
	if !s.told.CompareAndSwap(false, true) {
		return
	}
	s.SetTrailer(metadata.MD{pushback.Trailer: {pushback.String(0)}, draining.Metadata: {draining.Yes}})
	writeStatus(s.ctx, ToStatus(transport.ErrStopping))
}

// writeStatus ends the call that ctx is of, though its handler has not returned.
// Once it has, this does nothing.
func writeStatus(ctx context.Context, st *status.Status) {
	// What grpc-go writes statuses with is not in its interface.
	w, ok := grpc.ServerTransportStreamFromContext(ctx).(interface{ WriteStatus(st *status.Status) error })
	if ok {
		_ = w.WriteStatus(st) // it fails if the client is gone; there is nobody to tell
	}
}
