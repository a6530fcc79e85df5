// Command registry-outage runs three instances of a service and a client that
// calls them a hundred times a second, all in one process. Take their registry
// away, and see that callers do not notice.
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
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "registry-outage:", err)
		os.Exit(1)
	}
}

// schemes are the registries that this program knows.
func schemes() []sd.Scheme {
	return []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})}
}

// run serves and calls until ctx ends. The client stops first: instances that
// it saw leave would not be in its snapshot.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("registry-outage", flag.ContinueOnError)
	registry := flags.String("registry", "etcd://127.0.0.1:2379/demo", "where to register and to look: an etcd:// or consul:// target")
	snapshot := flags.String("snapshot", "", "file that keeps the last good set, for a start without the registry; none if empty")
	listen := flags.String("listen", "127.0.0.1:9101,127.0.0.1:9102,127.0.0.1:9103", "address of each instance")
	every := flags.Duration("every", time.Second, "between two lines of output")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *every <= 0 {
		return fmt.Errorf("-every %s: give a time above zero, such as 1s", *every)
	}
	instances, err := sd.Open(*registry, sd.InstancerConfig{SnapshotFile: *snapshot}, schemes()...)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	serving, leave := context.WithCancel(context.Background())
	addrs := strings.Split(*listen, ",")
	ended := make(chan error)
	for _, addr := range addrs {
		go func() {
			err := serve(serving, addr, *registry)
			stop() // without it the client would wait, or show something else
			ended <- err
		}()
	}
	err = client(ctx, instances, *every, out)
	leave()
	for range addrs {
		err = errors.Join(err, <-ended)
	}
	return err
}

// client calls the service and says how that goes, until ctx ends. It stops
// instances.
func client(ctx context.Context, instances *sd.Instancer, every time.Duration, out io.Writer) error {
	defer instances.Stop()
	pool := lb.NewPool(instances, kithttp.Factory(newHello, kithttp.ClientConfig{}), lb.PoolConfig{
		Guard: breaker.Each(breaker.Config{}),
	})
	call := retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))

	if pool.WaitReady(ctx) == nil {
		watch(ctx, instances, call, every, out)
	}
	fmt.Fprint(out, instances.Explain()) // who is in the set, and why
	return pool.Close()
}

// watch calls until ctx ends, and prints a line now and then.
func watch(ctx context.Context, instances *sd.Instancer, call endpoint.Endpoint, every time.Duration, out io.Writer) {
	due, line := time.NewTicker(10*time.Millisecond), time.NewTicker(every)
	defer due.Stop()
	defer line.Stop()
	for calls, failed := 0, 0; ; {
		select {
		case <-due.C:
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			if _, err := call(ctx, hello{}); err != nil {
				failed++
			}
			calls++
			cancel()
		case <-line.C:
			s := instances.Stats()
			fmt.Fprintf(out, "source=%s age=%s instances=%d held=%d calls=%d failed=%d\n", s.Source, s.Age.Round(time.Second), s.Instances, s.Held, calls, failed)
		case <-ctx.Done():
			return
		}
	}
}
