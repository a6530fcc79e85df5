package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// How long calls take.
const (
	work     = 5 * time.Millisecond
	slowWork = 2 * time.Second
)

const (
	rpcService = "kitgen.lifecycle.Service"
	rpcCall    = "/" + rpcService + "/Call"
	rpcHang    = "/" + rpcService + "/Hang"
)

// method is one that takes and returns nothing, as a generated one would be
// registered.
func method(name string, do func()) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
		request := new(emptypb.Empty)
		if err := decode(request); err != nil {
			return nil, err
		}
		handle := func(context.Context, any) (any, error) { do(); return new(emptypb.Empty), nil }
		if around == nil {
			return handle(ctx, request)
		}
		return around(ctx, request, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + rpcService + "/" + name}, handle)
	}}
}

// invoke is the client's half.
func invoke(ctx context.Context, cc grpc.ClientConnInterface, method string) error {
	return cc.Invoke(ctx, method, new(emptypb.Empty), new(emptypb.Empty))
}
