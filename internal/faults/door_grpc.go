package main

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// grpcDoor is go-kit's endpoints over gRPC.
func grpcDoor() door {
	return door{name: "grpc", who: "endpoints over gRPC", wire: overGRPC, lasting: true, open: func(_ *trial, _ string, instances *sd.Instancer) entrance {
		pool := lb.NewPool(instances, kitgrpc.Factory(newGRPCCall), poolConfig())
		return byPool(pool, func(response any) string { return response.(string) }) //nolint:forcetypeassert // newGRPCCall returns nothing else
	}}
}

// newGRPCCall is the client of one instance.
func newGRPCCall(cc *grpc.ClientConn) endpoint.Endpoint {
	client := stub{cc}
	return func(ctx context.Context, _ any) (any, error) {
		return client.call(ctx)
	}
}
