// Command retry-storm runs a chain of three services whose last one fails, with
// retries as they are often written and with those of this module: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "retry-storm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("retry-storm", flag.ContinueOnError)
	rate := flags.Int("rate", 600, "calls per second")
	calls := flags.Int("calls", 1100, "how many come while the last service fails")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q: there are flags alone; see -h", flags.Arg(0))
	}
	if *rate < 1 || *rate > 1e6 || *calls < 1 {
		return fmt.Errorf("-rate %d -calls %d: give a rate from 1 to 1000000, and at least one call", *rate, *calls)
	}
	for _, by := range []struct {
		name string
		call caller
	}{
		{"naive", naive},
		{"budget", budget},
	} {
		if err := play(ctx, out, by.name, by.call, *rate, *calls); err != nil {
			return err
		}
	}
	return nil
}

// caller makes the endpoint by which one service calls another, and what closes
// it.
type caller func(service string, instances *sd.Instancer) (call endpoint.Endpoint, end func() error, err error)

// naive tries three times, whatever went wrong.
func naive(_ string, instances *sd.Instancer) (endpoint.Endpoint, func() error, error) {
	pool := lb.NewPool(instances, kithttp.Factory(newPing, kithttp.ClientConfig{}), lb.PoolConfig{})
	return kitlb.Retry(3, 10*time.Second, kitlb.NewRoundRobin(pool)), pool.Close, nil
}

// budget tries three times too, but only while few calls need it, and one service
// of the chain alone.
func budget(service string, instances *sd.Instancer) (endpoint.Endpoint, func() error, error) {
	stack, err := middleware.Client(middleware.ClientConfig{Service: service, Retry: retry.Config{Idempotent: true}})
	if err != nil {
		return nil, nil, err
	}
	pool := lb.NewPool(instances, kithttp.Factory(newPing, kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
	call := stack.Method("Ping")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	return call, func() error { return errors.Join(pool.Close(), stack.Close()) }, nil
}

// play says what becomes of calls to front, which calls middle, which calls
// bottom, while bottom fails and when it is back.
func play(ctx context.Context, out io.Writer, name string, call caller, rate, calls int) (err error) {
	var down atomic.Bool
	var reached atomic.Int64
	var service endpoint.Endpoint = func(context.Context, any) (any, error) { // bottom
		reached.Add(1)
		if down.Load() {
			return nil, &kithttp.Error{Status: 503, Message: "the database is gone"}
		}
		return ping{}, nil
	}
	var ends []func() error
	defer func() {
		for _, end := range slices.Backward(ends) {
			err = errors.Join(err, end())
		}
	}()
	for _, called := range []string{"bottom", "middle"} { // each becomes what calls it
		instances, end, err := serve(service)
		if err != nil {
			return err
		}
		ends = append(ends, end)
		if service, end, err = call(called, instances); err != nil {
			return err
		}
		ends = append(ends, end)
		if err := answered(ctx, service); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		what  string
		down  bool
		calls int
	}{
		{"bottom fails", true, calls},
		{"it is back", false, max(calls/6, 1)},
	} {
		down.Store(step.down)
		reached.Store(0)
		failed, err := load(ctx, service, rate, step.calls)
		if err != nil {
			return err
		}
		n := reached.Load()
		fmt.Fprintf(out, "%-7s %-13s calls=%d failed=%d at the bottom=%d, %.2f for each\n",
			name+",", step.what+":", step.calls, failed, n, float64(n)/float64(step.calls))
	}
	return nil
}

// load makes calls at a steady rate, however long their answers take, and returns
// how many failed.
func load(ctx context.Context, call endpoint.Endpoint, rate, calls int) (failed int64, err error) {
	var under sync.WaitGroup
	var failures atomic.Int64
	defer under.Wait()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for range calls {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		under.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			if _, err := call(ctx, ping{}); err != nil {
				failures.Add(1)
			}
		})
	}
	under.Wait()
	return failures.Load(), nil
}
