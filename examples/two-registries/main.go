// Command two-registries is a service that moves from one registry to another,
// and a client of it that is no step behind:
//
//	two-registries serve -registry etcd://… -registry consul://…    register in both
//	two-registries call  -registry etcd://… -registry consul://…    call whoever is in either
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "two-registries:", err)
		os.Exit(1)
	}
}

// schemes are the registries that this program knows.
func schemes() []sd.Scheme {
	return []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "serve" && args[0] != "call" {
		return errors.New("want serve or call, such as: two-registries serve -registry etcd://127.0.0.1:2379/greeter")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address of an instance")
	var registries []string
	flags.Func("registry", "a target; may be there more than once", func(target string) error {
		registries = append(registries, target)
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if len(registries) == 0 {
		return errors.New("-registry is missing: give at least one, such as etcd://127.0.0.1:2379/greeter")
	}
	if args[0] == "call" {
		return call(ctx, registries, out)
	}
	l, err := transport.Listen("listen", *listen)
	if err != nil {
		return err
	}
	return serve(ctx, l, registries)
}

// call calls a hundred times a second and says how that goes, until ctx ends.
func call(ctx context.Context, registries []string, out io.Writer) error {
	c, err := newClient(registries)
	if err != nil {
		return err
	}
	defer c.close() //nolint:errcheck // the process ends
	if err := c.pool.WaitReady(ctx); err != nil {
		return err
	}
	due, line := time.NewTicker(10*time.Millisecond), time.NewTicker(time.Second)
	defer due.Stop()
	defer line.Stop()
	for calls, failed := 0, 0; ; {
		select {
		case <-due.C:
			if c.greet(ctx) != nil && ctx.Err() == nil {
				failed++
			}
			calls++
		case <-line.C:
			fmt.Fprintf(out, "instances=%d calls=%d failed=%d\n", c.both.Stats().Instances, calls, failed)
		case <-ctx.Done():
			return nil
		}
	}
}
