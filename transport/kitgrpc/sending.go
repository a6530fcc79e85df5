package kitgrpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/transport"
)

// Send sends what an endpoint has answered with, and returns what the method of a
// generated service is to return. The header goes before the first message, which
// tells the client that its call was taken.
func Send[T, M any](to sender[M], values *transport.Stream[T], encode func(T) (*M, error)) error {
	defer values.Close()
	if err := to.SendHeader(metadata.MD{}); err != nil {
		values.End(FromError(err))
		return err
	}
	for v, err := range values.All() {
		var m *M
		if err == nil {
			m, err = encode(v)
		}
		if err != nil {
			values.End(err)
			return ToError(err)
		}
		if err := to.Send(m); err != nil {
			values.End(FromError(err))
			return err
		}
	}
	return nil
}

// sender is a stream of messages to the client.
type sender[M any] interface {
	grpc.ServerStream
	Send(*M) error
}

// Receive is what the client of a stream sends, and the context for the endpoint: see
// transport.Receive. What decode fails with is an InvalidArgument.
func Receive[M, T any](from receiving[M], decode func(*M) (T, error)) (context.Context, *transport.Incoming[T]) {
	return transport.Receive(from.Context(), func() (v T, err error) {
		m, err := from.Recv()
		if err != nil {
			return v, err
		}
		if v, err = decode(m); err != nil {
			return v, &transport.Error{Code: "invalid_argument", Message: err.Error()}
		}
		return v, nil
	})
}

// receiving is a stream of messages from the client.
type receiving[M any] interface {
	grpc.ServerStream
	Recv() (*M, error)
}

// First is the first message of a client's stream, for methods that take more than
// a sequence: it has the rest.
func First[M any](recv func() (*M, error)) (*M, error) {
	m, err := recv()
	if errors.Is(err, io.EOF) {
		return nil, ToError(&transport.Error{Code: "invalid_argument", Message: "the stream has no first message, which is what the call is about"})
	}
	return m, err
}
