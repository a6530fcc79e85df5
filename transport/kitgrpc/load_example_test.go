package kitgrpc_test

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// A server that says how busy it is, in every trailer and to probes.
func ExampleLoadOptions() {
	meter := new(kitgrpc.Meter)
	s := grpc.NewServer(append(kitgrpc.LoadOptions(meter), kitgrpc.ServerOptions(nil)...)...)
	defer s.Stop()
	kitgrpc.RegisterLoad(s, meter)
	// Register the services, and hand s to kitgrpc.Server.
	fmt.Println(meter.Report())
	// Output: rif=0
}
