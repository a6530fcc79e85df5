// Command bare-stub calls a service of three instances through a stub as protoc
// generates it, on a connection that grpc.NewClient makes, and kills one of the
// instances: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing" // stands for your own stubs: it comes with gRPC

	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

func main() {
	stub.Register()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bare-stub:", err)
		os.Exit(1)
	}
}

const serviceConfig = `{
	"loadBalancingConfig": [{"kit_round_robin": {"outlierDetection": {"consecutive": 3}}}],
	"methodConfig": [{
		"name": [{"service": "grpc.testing.TestService"}],
		"retryPolicy": {
			"maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("bare-stub", flag.ContinueOnError)
	calls := flags.Int("calls", 300, "how many calls each time, at least 30")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *calls < 30 {
		return fmt.Errorf("-calls is %d: want at least 30, so that each instance gets some", *calls)
	}
	var all []*instance
	defer func() { stopAll(all) }()
	for range 3 {
		i, err := start("127.0.0.1:0")
		if err != nil {
			return err
		}
		all = append(all, i)
	}

	opts, err := stub.Dial(stub.Config{ServiceConfig: serviceConfig})
	if err != nil {
		return err
	}
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))
	cc, err := grpc.NewClient("static:///"+strings.Join(addrs(all), ","), opts...)
	if err != nil {
		return err
	}
	defer cc.Close()
	client := testgrpc.NewTestServiceClient(cc)

	c := &caller{client: client, calls: *calls, out: out}
	if err := c.until(ctx, "all are there", 3); err != nil {
		return err
	}
	if err := c.killing(ctx, all[0]); err != nil {
		return err
	}
	if err := c.until(ctx, "it is gone", 2); err != nil {
		return err
	}
	if all[0], err = start(all[0].addr); err != nil {
		return err
	}
	return c.until(ctx, "it is back", 3)
}
