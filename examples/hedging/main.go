// Command hedging calls a service that takes a second for one call in a hundred,
// without and with a second attempt for those: see the README.
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
	"syscall"
	"time"

	"github.com/go-kit/kit/endpoint"

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
		fmt.Fprintln(os.Stderr, "hedging:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("hedging", flag.ContinueOnError)
	rate := flags.Int("rate", 600, "calls per second")
	calls := flags.Int("calls", 1600, "how many")
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
		name  string
		hedge *retry.HedgeConfig
	}{
		{"plain", nil},
		{"hedged", &retry.HedgeConfig{}},
	} {
		if err := play(ctx, out, by.name, by.hedge, *rate, *calls); err != nil {
			return err
		}
	}
	return nil
}

// play starts a service, calls it, and says how long that took.
func play(ctx context.Context, out io.Writer, name string, hedge *retry.HedgeConfig, rate, calls int) (err error) {
	s, err := start(3)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	stack, err := middleware.Client(middleware.ClientConfig{
		Service: "quotes",
		Retry:   retry.Config{Idempotent: true, Hedge: hedge},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	instances := sd.NewInstancer(s.list, sd.InstancerConfig{})
	defer instances.Stop()
	pool := lb.NewPool(instances, kithttp.Factory(newQuote, kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
	defer func() { err = errors.Join(err, pool.Close()) }()
	call := stack.Method("Quote")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	if err := connected(ctx, pool, len(s.list)); err != nil {
		return err
	}

	quotes, took, err := load(ctx, call, rate, calls)
	if err != nil {
		return err
	}
	slow := 0
	for _, q := range quotes {
		if q.Slow {
			slow++
		}
	}
	extra := int(s.calls.Load()) - calls
	fmt.Fprintf(out, "%-7s calls=%d slow answers=%d p50=%dms p99.9=%dms extra calls=%d, %.1f %%\n",
		name+":", calls, slow, quantile(took, 0.5), quantile(took, 0.999), extra, 100*float64(extra)/float64(calls))
	return nil
}

// connected waits until so many instances are connected.
func connected(ctx context.Context, set lb.Set, n int) error {
	for {
		if all, _ := set.Endpoints(); len(all) == n {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// load makes calls at a steady rate, however long their answers take.
func load(ctx context.Context, call endpoint.Endpoint, rate, calls int) ([]quote, []time.Duration, error) {
	quotes, took, errs := make([]quote, calls), make([]time.Duration, calls), make([]error, calls)
	var under sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range calls {
		select {
		case <-tick.C:
		case <-ctx.Done():
			under.Wait()
			return nil, nil, context.Cause(ctx)
		}
		under.Go(func() {
			begun := time.Now()
			response, err := call(ctx, quote{})
			took[i], errs[i] = time.Since(begun), err
			if err == nil {
				quotes[i] = response.(quote)
			}
		})
	}
	under.Wait()
	return quotes, took, errors.Join(errs...)
}

// quantile is in milliseconds.
func quantile(took []time.Duration, q float64) int64 {
	slices.Sort(took)
	return took[int(q*float64(len(took)-1)+0.5)].Milliseconds()
}
