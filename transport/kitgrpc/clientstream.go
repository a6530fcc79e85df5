package kitgrpc

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
)

// stream is unary for streams.
func (c *conn) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s := &clientStream{ctx: ctx, conn: c, many: desc.ServerStreams}
	inner, err := open(c.telling.send(lasting(ctx), &s.told), desc, cc, method, opts...)
	if err != nil {
		return nil, FromError(ending.Seen{}.Of(ctx, err)) // nothing was sent
	}
	s.ClientStream = inner
	return s, nil
}

// lasting returns the context of a stream. If an attempt opens it, which has a
// timeout, gRPC must not tell the server: the stream goes on after that, where
// retry.Config.Streams says so, and the server would end it.
func lasting(ctx context.Context) context.Context {
	if attempt.Limited(ctx) {
		return withoutDeadline{ctx}
	}
	return ctx
}

// withoutDeadline is a context that does not say when it will end.
type withoutDeadline struct{ context.Context }

// Deadline implements context.Context.
func (withoutDeadline) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// clientStream is a stream whose errors are *Errors, and that hands on what the
// server says beside its messages.
type clientStream struct {
	grpc.ClientStream

	ctx   context.Context // of the call
	conn  *conn
	told  toldContext
	many  bool // messages come from the server
	begun bool // one has come, and the header was read; of the goroutine that receives
}

// RecvMsg implements grpc.ClientStream; io.EOF stays what it is.
func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch {
	case err == nil && s.begun:
		return nil
	case err == nil && s.many:
		s.begun = true
		if md, headErr := s.Header(); headErr == nil {
			s.conn.hear(s.ctx, md)
		}
		return nil
	}
	trailer := s.Trailer()
	s.conn.hear(s.ctx, trailer)
	header, _ := s.Header() // there will be no more
	return s.failure(err, ending.Seen{Answered: len(header)+len(trailer) > 0, Trailer: trailer})
}

// SendMsg implements grpc.ClientStream; io.EOF stays what it is: RecvMsg knows
// how the stream ended.
func (s *clientStream) SendMsg(m any) error {
	return s.failure(s.ClientStream.SendMsg(m), ending.Seen{Answered: true}) // for all that is known
}

func (s *clientStream) failure(err error, seen ending.Seen) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	_, seen.Sent = peer.FromContext(s.ClientStream.Context())
	return FromError(seen.Of(s.ctx, err))
}
