package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/sony/gobreaker/v2"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// client calls a service. Whoever made it closes it.
type client struct {
	call      endpoint.Endpoint
	instances *sd.Instancer
	pool      *lb.Pool
	stack     *middleware.ClientStack // nil without the policies
}

func newClient(factory kitsd.Factory, guard lb.PoolConfig, addrs ...string) *client {
	var list sd.Fixed
	for _, addr := range addrs {
		list = append(list, sd.Instance{ID: addr, Addr: addr})
	}
	c := &client{instances: sd.NewInstancer(list, sd.InstancerConfig{})}
	c.pool = lb.NewPool(c.instances, factory, guard)
	return c
}

// withoutPolicies calls instances in turn by go-kit's own balancer and retry.
func withoutPolicies(factory kitsd.Factory, attempts int, addrs ...string) *client {
	c := newClient(factory, lb.PoolConfig{}, addrs...)
	c.call = kitlb.Retry(attempts, patience, kitlb.NewRoundRobin(c.pool))
	return c
}

// withPolicies calls by a stack, and the adaptive balancer.
func withPolicies(factory kitsd.Factory, cfg middleware.ClientConfig, addrs ...string) (*client, error) {
	stack, err := middleware.Client(cfg)
	if err != nil {
		return nil, err
	}
	c := newClient(factory, lb.PoolConfig{Guard: stack.Guard}, addrs...)
	c.stack = stack
	c.call = stack.Method("Call")(lb.Endpoint(lb.NewAdaptive(c.pool, lb.AdaptiveConfig{})))
	return c, nil
}

// chained is how one service of a chain calls the next: with three attempts.
func chained(guarded bool, attempt time.Duration, addr string) (*client, error) {
	if !guarded {
		return withoutPolicies(within(kithttpFactory, attempt), 3, addr), nil
	}
	return withPolicies(kithttpFactory, middleware.ClientConfig{
		Retry: retry.Config{Idempotent: true, AttemptTimeout: attempt},
	}, addr)
}

// kithttpFactory makes the endpoint of one instance.
func kithttpFactory(addr string) (endpoint.Endpoint, io.Closer, error) {
	return kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[struct{}](c, http.MethodPost, base, "/call")
	}, kithttp.ClientConfig{})(addr)
}

// within bounds every call of an instance, as an http.Client's Timeout does.
func within(factory kitsd.Factory, d time.Duration) kitsd.Factory {
	return around(factory, func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			ctx, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			return next(ctx, request)
		}
	})
}

// goKitBreaker puts before every instance what go-kit's circuitbreaker.Gobreaker
// is, with gobreaker's own settings.
func goKitBreaker(factory kitsd.Factory) kitsd.Factory {
	return around(factory, func(next endpoint.Endpoint) endpoint.Endpoint {
		circuit := gobreaker.NewCircuitBreaker[any](gobreaker.Settings{})
		return func(ctx context.Context, request any) (any, error) {
			return circuit.Execute(func() (any, error) { return next(ctx, request) })
		}
	})
}

func around(factory kitsd.Factory, mw endpoint.Middleware) kitsd.Factory {
	return func(addr string) (endpoint.Endpoint, io.Closer, error) {
		e, closer, err := factory(addr)
		if err != nil {
			return nil, nil, err
		}
		return mw(e), closer, nil
	}
}

// connected waits until all instances are.
func (c *client) connected(ctx context.Context, n int) error {
	for {
		if all, _ := c.pool.Endpoints(); len(all) == n {
			return nil
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

func (c *client) close() error {
	err := c.pool.Close()
	if c.stack != nil {
		err = errors.Join(err, c.stack.Close())
	}
	c.instances.Stop()
	return err
}
