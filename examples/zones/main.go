// Command zones runs a service in three zones and a client in one of them, and
// takes instances away: see the README.
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

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "zones:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("zones", flag.ContinueOnError)
	zone := flags.String("zone", "eu-1", "where the client is: eu-1, eu-2, eu-3 or anywhere else")
	users := flags.Int("users", 1000, "how many users call each time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := start("eu-1", "eu-2", "eu-3")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	instances := sd.NewInstancer(s, sd.InstancerConfig{Protection: sd.Off}) // those who leave are to be gone at once
	defer instances.Stop()
	pool := lb.NewPool(instances, kithttp.Factory(newGreet, kithttp.ClientConfig{}), lb.PoolConfig{
		Guard: breaker.Each(breaker.Config{}),
	})
	defer pool.Close()
	zoned, err := lb.NewZoneAware(pool, lb.ZoneConfig{
		Zone:   *zone,
		Slower: 100, // the zones of this program are one machine, where a pause means nothing
	}, byUser)
	if err != nil {
		return err
	}
	greet := retry.New(retry.Config{Idempotent: true})(lb.Endpoint(zoned))

	for _, step := range []struct {
		what string
		keep func(sd.Instance) bool
	}{
		{"all are there", func(sd.Instance) bool { return true }},
		{"one of eu-1 leaves", func(in sd.Instance) bool { return in.ID != "eu-1-a" }},
		{"eu-1 is gone", func(in sd.Instance) bool { return in.Zone != "eu-1" }},
		{"all are back", func(sd.Instance) bool { return true }},
	} {
		if err := connected(ctx, pool, s.set(step.keep)); err != nil {
			return err
		}
		if err := ask(ctx, greet, *users, out, step.what); err != nil {
			return err
		}
	}
	return nil
}

// byUser picks in each zone. It goes by key only so that this program prints the
// same at every run.
func byUser(set lb.Set) kitlb.Balancer { return lb.NewRendezvous(set) }

// connected waits until so many instances are connected.
func connected(ctx context.Context, set lb.Set, n int) error {
	for {
		if all, _ := set.Endpoints(); len(all) == n {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ask calls once for every user, and says which zones answered.
func ask(ctx context.Context, greet endpoint.Endpoint, users int, out io.Writer, what string) error {
	calls := map[string]int{}
	for user := range users {
		if err := ctx.Err(); err != nil {
			return err
		}
		zone, err := greetAs(ctx, greet, user)
		if err != nil {
			zone = "failed"
		}
		calls[zone]++
	}
	fmt.Fprintf(out, "%-19s eu-1=%d eu-2=%d eu-3=%d failed=%d\n", what+":", calls["eu-1"], calls["eu-2"], calls["eu-3"], calls["failed"])
	return nil
}

// greetAs calls for a user, and returns the zone that answered.
func greetAs(ctx context.Context, greet endpoint.Endpoint, user int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	response, err := greet(lb.WithKey(ctx, fmt.Sprint("user ", user)), greeting{})
	if err != nil {
		return "", err
	}
	return response.(greeting).Zone, nil
}
