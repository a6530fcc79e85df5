// Command weighted-canary runs three instances of a service's version v1 and one
// of v2, and gives v2 more and more of the users: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-kit/kit/endpoint"

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
		fmt.Fprintln(os.Stderr, "weighted-canary:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("weighted-canary", flag.ContinueOnError)
	steps := flags.String("steps", "0,5,25,100", "percentages of users that v2 gets, one after the other")
	users := flags.Int("users", 1000, "how many users call at each step")
	if err := flags.Parse(args); err != nil {
		return err
	}

	var list sd.Fixed // in place of a registry
	var canary *instance
	for _, is := range []struct{ id, version string }{{"old-1", "v1"}, {"old-2", "v1"}, {"old-3", "v1"}, {"new-1", "v2"}} {
		in, err := start(is.id, is.version)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, in.end()) }()
		list, canary = append(list, in.Instance), in
	}
	instances := sd.NewInstancer(list, sd.InstancerConfig{})
	defer instances.Stop()
	pool := lb.NewPool(instances, kithttp.Factory(newGreet, kithttp.ClientConfig{}), lb.PoolConfig{
		Guard: breaker.Each(breaker.Config{}),
	})
	defer pool.Close()
	split, err := lb.NewSplit(pool, lb.SplitConfig{Parts: []lb.Part{
		{Name: "canary", Percent: 0, Keep: lb.Version("v2")},
	}}, nil)
	if err != nil {
		return err
	}
	greet := retry.New(retry.Config{Idempotent: true})(lb.Endpoint(split))
	if err := connected(ctx, pool, len(list)); err != nil {
		return err
	}

	seen := map[int]bool{} // users who have seen v2
	for step := range strings.SplitSeq(*steps, ",") {
		percent, err := strconv.ParseFloat(step, 64)
		if err != nil {
			return fmt.Errorf("-steps %s: give percentages with commas between them, such as 0,5,25,100", *steps)
		}
		if err := split.SetPercent("canary", percent); err != nil {
			return err
		}
		if err := ask(ctx, greet, *users, seen, out, fmt.Sprintf("v2 gets %g %%", percent)); err != nil {
			return err
		}
	}
	if err := canary.end(); err != nil {
		return err
	}
	return ask(ctx, greet, *users, seen, out, "v2 is down")
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
			return ctx.Err()
		}
	}
}

// ask calls once for every user, and says who answered.
func ask(ctx context.Context, greet endpoint.Endpoint, users int, seen map[int]bool, out io.Writer, what string) error {
	calls, left := map[string]int{}, 0
	for user := range users {
		if err := ctx.Err(); err != nil {
			return err
		}
		version, err := greetAs(ctx, greet, user)
		switch {
		case err != nil:
			version = "failed"
		case version == "v2":
			seen[user] = true
		case seen[user]:
			left++
		}
		calls[version]++
	}
	fmt.Fprintf(out, "%-15s v1=%d v2=%d failed=%d left=%d\n", what+":", calls["v1"], calls["v2"], calls["failed"], left)
	return nil
}

// greetAs calls for a user, and returns the version that answered.
func greetAs(ctx context.Context, greet endpoint.Endpoint, user int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	response, err := greet(lb.WithKey(ctx, fmt.Sprint("user ", user)), greeting{})
	if err != nil {
		return "", err
	}
	return response.(greeting).Version, nil
}
