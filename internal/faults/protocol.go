package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// What a generated file would hold, for a service whose messages are well known:
//
//	service Service {
//	  rpc Call(google.protobuf.Empty) returns (google.protobuf.StringValue);
//	  rpc Watch(google.protobuf.Empty) returns (stream google.protobuf.StringValue);
//	}
const (
	grpcService = "kitgen.faults.Service"
	grpcCall    = "/" + grpcService + "/Call"
	grpcWatch   = "/" + grpcService + "/Watch"
)

// rpcs are the methods of server that its descriptor calls.
type rpcs interface {
	call(ctx context.Context, request any) (any, error)
	watch(ctx context.Context, send func(answer) error) error
}

func serviceDesc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: grpcService,
		HandlerType: (*rpcs)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Call", Handler: handleCall}},
		Streams:     []grpc.StreamDesc{{StreamName: "Watch", Handler: handleWatch, ServerStreams: true}},
	}
}

func handleCall(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // the order is grpc's
	in := new(emptypb.Empty)
	if err := decode(in); err != nil {
		return nil, err
	}
	handle := func(ctx context.Context, req any) (any, error) {
		resp, err := srv.(rpcs).call(ctx, req) //nolint:forcetypeassert // grpc has checked it
		if err != nil {
			return nil, err
		}
		return wrapperspb.String(resp.(answer).ID), nil //nolint:forcetypeassert // nothing else is returned
	}
	if around == nil {
		return handle(ctx, in)
	}
	return around(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: grpcCall}, handle)
}

func handleWatch(srv any, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
		return err
	}
	return srv.(rpcs).watch(stream.Context(), func(a answer) error { //nolint:forcetypeassert // grpc has checked it
		return stream.SendMsg(wrapperspb.String(a.ID))
	})
}

// rpcClient is the generated client.
type rpcClient struct{ cc grpc.ClientConnInterface }

func (s rpcClient) call(ctx context.Context) (string, error) {
	out := new(wrapperspb.StringValue)
	err := s.cc.Invoke(ctx, grpcCall, new(emptypb.Empty), out)
	return out.GetValue(), err
}

// watch opens a stream, which ends when ctx does.
func (s rpcClient) watch(ctx context.Context) (grpc.ServerStreamingClient[wrapperspb.StringValue], error) {
	stream, err := s.cc.NewStream(ctx, &grpc.StreamDesc{StreamName: "Watch", ServerStreams: true}, grpcWatch)
	if err != nil {
		return nil, err
	}
	x := &grpc.GenericClientStream[emptypb.Empty, wrapperspb.StringValue]{ClientStream: stream}
	if err := x.SendMsg(new(emptypb.Empty)); err != nil {
		return nil, err
	}
	if err := x.CloseSend(); err != nil {
		return nil, err
	}
	return x, nil
}
