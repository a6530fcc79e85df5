package stub_test

import (
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func as[T error](err error, to *T) bool { return errors.As(err, to) }

// exchange sends a message and waits for one.
func exchange(s grpc.ClientStream) error {
	if err := s.SendMsg(wrapperspb.String("hello")); err != nil {
		return err
	}
	return s.RecvMsg(new(wrapperspb.StringValue))
}
