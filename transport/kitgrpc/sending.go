package kitgrpc

import (
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
		return err
	}
	for v, err := range values.All() {
		var m *M
		if err == nil {
			m, err = encode(v)
		}
		if err != nil {
			return ToError(err)
		}
		if err := to.Send(m); err != nil {
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
