package main

import (
	"context"
	"fmt"
	"io"

	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// caller calls, and prints how that went.
type caller struct {
	client testgrpc.TestServiceClient
	calls  int // each time
	out    io.Writer
}

// until calls until so many instances answer, and then prints who does.
func (c *caller) until(ctx context.Context, when string, instances int) error {
	for {
		seen, failed, err := c.call(ctx, func() {})
		if err != nil {
			return err
		}
		if len(seen) == instances || failed > 0 {
			fmt.Fprintf(c.out, "%-20s %d instances answer, %d calls failed\n", when+":", len(seen), failed)
			return nil
		}
	}
}

// killing calls, and kills an instance in the middle of it.
func (c *caller) killing(ctx context.Context, i *instance) error {
	_, failed, err := c.call(ctx, i.stop)
	if err == nil {
		fmt.Fprintf(c.out, "%-20s %d calls failed\n", "one is killed:", failed)
	}
	return err
}

// call makes the calls, with something in the middle of them, and returns who
// answered.
func (c *caller) call(ctx context.Context, middle func()) (seen map[string]int, failed int, err error) {
	seen = map[string]int{}
	for n := range c.calls {
		if n == c.calls/2 {
			middle()
		}
		resp, err := c.client.UnaryCall(ctx, &testgrpc.SimpleRequest{})
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if err != nil {
			failed++
			continue
		}
		seen[resp.GetServerId()]++
	}
	return seen, failed, nil
}
