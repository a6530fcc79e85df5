package kitgrpc_test

import (
	"fmt"

	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// A server that says how busy it is, in every trailer and to probes.
func ExampleMeter() {
	meter := new(kitgrpc.Meter)
	s := kitgrpc.NewServer(kitgrpc.Config{Load: meter})
	defer s.Stop()
	// Register the services, and hand s.On(listener) to transport.Serve.
	fmt.Println(meter.Report())
	// Output: rif=0
}
