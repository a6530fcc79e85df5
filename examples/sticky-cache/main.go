// Command sticky-cache runs a service whose instances cache, and adds instances
// while users call: see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"syscall"
	"time"

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
		fmt.Fprintln(os.Stderr, "sticky-cache:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sticky-cache", flag.ContinueOnError)
	users := flags.Int("users", 500, "how many users call at each step")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, by := range []struct {
		name   string
		policy func(lb.Set) (kitlb.Balancer, error)
	}{
		{"by key", byKey},
		{"by session", bySession},
	} {
		if err := compare(ctx, out, by.name, by.policy, *users); err != nil {
			return err
		}
	}
	return nil
}

// byKey sends a user to where the hash of the name says.
func byKey(set lb.Set) (kitlb.Balancer, error) { return lb.NewMaglev(set), nil }

// bySession sends a user to where the user was.
func bySession(set lb.Set) (kitlb.Balancer, error) {
	return lb.NewSticky(set, lb.StickyConfig{}, func(set lb.Set) kitlb.Balancer { return lb.NewMaglev(set) })
}

// compare says how often the instances had a cart at hand: for new users, for the
// same again, after two more instances have come, and after one has gone.
func compare(ctx context.Context, out io.Writer, name string, policy func(lb.Set) (kitlb.Balancer, error), users int) (err error) {
	s, err := start("cart-1", "cart-2", "cart-3", "cart-4", "cart-5")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	instances := sd.NewInstancer(s, sd.InstancerConfig{Protection: sd.Off}) // who leaves is to be gone at once
	defer instances.Stop()
	pool := lb.NewPool(instances, kithttp.Factory(newCart, kithttp.ClientConfig{}), lb.PoolConfig{
		Guard: breaker.Each(breaker.Config{}),
	})
	defer pool.Close()
	balancer, err := policy(pool)
	if err != nil {
		return err
	}
	shop := &shop{
		front:   http.NewServeMux(),
		cookies: make(map[string][]*http.Cookie),
	}
	shop.front.Handle("GET /cart/{user}", front(retry.New(retry.Config{Idempotent: true})(lb.Endpoint(balancer))))

	for _, step := range []struct {
		what string
		list []sd.Instance
	}{
		{"new", s.all[:3]},
		{"again", s.all[:3]},
		{"two more instances", s.all},
		{"one has gone", s.all[1:]},
		{"and again", s.all[1:]},
	} {
		s.lists <- step.list
		if err := connected(ctx, pool, len(step.list)); err != nil {
			return err
		}
		cached, failed := shop.visit(ctx, users)
		fmt.Fprintf(out, "%-11s %-19s cached=%d missed=%d failed=%d\n", name+",", step.what+":", cached, users-cached-failed, failed)
	}
	return ctx.Err()
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

// shop is the front and its users' browsers.
type shop struct {
	front   *http.ServeMux
	cookies map[string][]*http.Cookie // by user
}

// visit has every user look at the cart once.
func (s *shop) visit(ctx context.Context, users int) (cached, failed int) {
	for i := range users {
		user := fmt.Sprint("user-", i)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/cart/"+user, nil)
		for _, cookie := range s.cookies[user] {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		s.front.ServeHTTP(w, r)
		switch {
		case w.Code != http.StatusOK:
			failed++
		case w.Body.String() == "true":
			cached++
		}
		s.cookies[user] = w.Result().Cookies()
	}
	return cached, failed
}
