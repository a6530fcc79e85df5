package main

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// retriedByGRPC has gRPC itself make a stream again that never began.
const retriedByGRPC = `{"methodConfig": [{
	"name": [{"service": "` + grpcService + `", "method": "Watch"}],
	"retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}
}]}`

// stubDoor is a generated client on a connection of grpc.NewClient. What callers
// see of the instances is not to be asked of it, so that is asked beside it.
func stubDoor() door {
	return door{name: "stub", who: "a bare gRPC stub", wire: overGRPC, lasting: true, open: func(t *trial, at string, _ *sd.Instancer) entrance {
		retried := retry.New(retry.Config{Idempotent: true})
		opts, err := stub.Dial(stub.Config{
			Schemes:       schemes(consul.Config{}),
			ServiceConfig: retriedByGRPC,
			Methods:       func(string) endpoint.Middleware { return retried },
		})
		t.must(err)
		cc, err := grpc.NewClient(at, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		t.must(err)
		client := rpcClient{cc}
		return entrance{
			close: cc.Close,
			call:  client.call,
			watch: func(ctx context.Context) (stream, error) {
				s, err := client.watch(ctx)
				if err != nil {
					return nil, err
				}
				return bareStream{s}, nil
			},
		}
	}}
}

// bareStream is a stream as a generated client has it.
type bareStream struct {
	grpc.ServerStreamingClient[wrapperspb.StringValue]
}

func (s bareStream) next() (string, error) {
	m, err := s.Recv()
	return m.GetValue(), err
}
