package stub_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// A stub that protoc has generated, here that of gRPC's health service, calls what a
// target names: registries, or a list.
func ExampleDial() {
	addr, stop := serveHealth()
	defer stop()

	stub.Register() // first thing in main

	stack, err := middleware.Client(middleware.ClientConfig{
		Service: "health",
		Retry:   retry.Config{Idempotent: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stack.Close()
	opts, err := stub.Dial(stub.Config{
		Schemes: []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})},
		Methods: stack.Method,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))
	// Or "etcd://10.0.0.1:2379/addsvc", or "consul://127.0.0.1:8500/addsvc?tag=srv&healthy=true".
	cc, err := grpc.NewClient("static:///"+addr, opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cc.Close()
	client := healthpb.NewHealthClient(cc)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
	fmt.Println(resp.GetStatus(), err)
	// Output: SERVING <nil>
}

// The balancer and its settings may stand in a service config, beside gRPC's own
// retries.
func ExampleRegister() {
	stub.Register() // first thing in main

	_, err := stub.Dial(stub.Config{ServiceConfig: `{
		"loadBalancingConfig": [{"kit_adaptive": {"slowStart": {"window": "30s"}}}],
		"methodConfig": [{"name": [{}], "timeout": "2s"}]
	}`})
	fmt.Println(err)

	_, err = stub.Dial(stub.Config{Balancer: "adaptiv"})
	fmt.Println(err)
	// Output:
	// <nil>
	// stub: Config.Balancer (where there also is probing): there is no balancing policy "adaptiv"; there are adaptive, round_robin, random, weighted_round_robin, weighted_random, least_request, least_request_2, peak_ewma, maglev, ring, rendezvous; did you mean adaptive?
}

// serveHealth is a server of gRPC's health service.
func serveHealth() (addr string, stop func()) {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, health.NewServer())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	return l.Addr().String(), func() {
		s.Stop()
		<-done
	}
}
