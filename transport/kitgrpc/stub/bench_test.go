package stub_test

import (
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// BenchmarkCall is one caller on loopback, and then 128: gRPC's own round robin, then
// ours.
func BenchmarkCall(b *testing.B) {
	all := serveAll(b, 2)
	r := byHand(state(all...))
	bare, err := grpc.NewClient("hand:///x", grpc.WithResolvers(r), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	stack, err := middleware.Client(middleware.ClientConfig{Service: "echo"})
	if err != nil {
		b.Fatal(err)
	}
	defer stack.Close()
	for _, bm := range []struct {
		name string
		cc   *grpc.ClientConn
	}{
		{"grpc", bare},
		{"round_robin", dial(b, "static:///"+addrs(all...), stub.Config{Balancer: "round_robin"})},
		{"adaptive", dial(b, "static:///"+addrs(all...), stub.Config{})},
		{"stack", dial(b, "static:///"+addrs(all...), stub.Config{Methods: stack.Method})},
	} {
		if _, err := ask(b.Context(), bm.cc, grpc.WaitForReady(true)); err != nil {
			b.Fatal(err)
		}
		b.Run(bm.name+"/callers=1", func(b *testing.B) {
			in, out := wrapperspb.String("hello"), new(wrapperspb.StringValue)
			b.ReportAllocs()
			for b.Loop() {
				if err := bm.cc.Invoke(b.Context(), say, in, out); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bm.name+"/callers=128", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(128 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				in, out := wrapperspb.String("hello"), new(wrapperspb.StringValue)
				for pb.Next() {
					if err := bm.cc.Invoke(b.Context(), say, in, out); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
