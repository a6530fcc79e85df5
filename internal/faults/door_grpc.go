package main

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// grpcDoor is go-kit's endpoints over gRPC.
func grpcDoor() door {
	return door{name: "grpc", who: "endpoints over gRPC", wire: overGRPC, lasting: true, open: func(_ *trial, _ string, instances *sd.Instancer) entrance {
		return byPool(
			newPool(instances, kitgrpc.Factory(newGRPCCall)),
			func(response any) string { return response.(string) },      //nolint:forcetypeassert // as newGRPCCall says
			func(response any) stream { return response.(*grpcStream) }, //nolint:forcetypeassert // likewise
		)
	}}
}

// newGRPCCall is the client of one instance.
func newGRPCCall(cc *grpc.ClientConn) endpoint.Endpoint {
	client := rpcClient{cc}
	return func(ctx context.Context, request any) (any, error) {
		if _, ok := request.(watching); !ok {
			return client.call(ctx)
		}
		s, err := client.watch(ctx)
		if err != nil {
			return nil, err
		}
		return &grpcStream{stream: s}, nil
	}
}

// grpcStream is a stream that tells when it has ended, so that its call counts as
// in flight until then. Whoever has one reads it to its end.
type grpcStream struct {
	stream grpc.ServerStreamingClient[wrapperspb.StringValue]

	mu    sync.Mutex // guards the fields below
	ended bool
	err   error // with which it has
	ends  []func(error)
}

var _ lb.Stream = (*grpcStream)(nil)

func (s *grpcStream) next() (string, error) {
	m, err := s.stream.Recv()
	if err != nil {
		s.end(err)
	}
	return m.GetValue(), err
}

// OnEnd implements lb.Stream.
func (s *grpcStream) OnEnd(f func(err error)) {
	s.mu.Lock()
	ended, err := s.ended, s.err
	if !ended {
		s.ends = append(s.ends, f)
	}
	s.mu.Unlock()
	if ended {
		f(err)
	}
}

func (s *grpcStream) end(err error) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s.mu.Lock()
	ends := s.ends
	s.ended, s.err, s.ends = true, err, nil
	s.mu.Unlock()
	for _, f := range ends {
		f(err)
	}
}
