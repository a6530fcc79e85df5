package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/dns"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/sd/file"
)

// client calls one method, with the policies that a generated client has by
// itself.
type client struct {
	call      endpoint.Endpoint
	instances *sd.Instancer
	pool      *lb.Pool
	stack     *middleware.ClientStack
	target    string

	mu      sync.Mutex     // guards the rest
	counts  map[string]int // attempts, by address
	retries int
}

// open makes a client of the service that target names, over one wire.
func open(svc *spec.Service, m *spec.Method, target, wire string, dial kitsd.Factory) (*client, error) {
	c := &client{target: target, counts: map[string]int{}}
	var err error
	c.instances, err = sd.Open(target, sd.InstancerConfig{Transport: wire},
		etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}), dns.Scheme(dns.Config{}), file.Scheme(file.Config{}), sd.Static())
	if err != nil {
		return nil, console.UsageError{Err: fmt.Errorf("--registry or --addr: %w", err)}
	}
	cfg := middleware.ClientConfig{Balancer: "adaptive", Retry: retry.Config{OnRetry: c.retried}}
	c.stack, err = middleware.Client(cfg.For(svc.Name, policies(svc)))
	if err != nil {
		c.instances.Stop()
		return nil, err
	}
	c.pool = lb.NewPool(c.instances, c.counted(dial), lb.PoolConfig{Guard: c.stack.Guard})
	c.call = c.stack.Method(m.Name)(lb.Endpoint(lb.NewAdaptive(c.pool, lb.AdaptiveConfig{})))
	return c, nil
}

// policies are what the interface says of its methods, as the generated client
// has them.
func policies(svc *spec.Service) map[string]middleware.MethodConfig {
	all := map[string]middleware.MethodConfig{}
	for _, m := range svc.Methods {
		all[m.Name] = middleware.MethodConfig{
			Once:  !m.Idempotent,
			Retry: retry.Config{Idempotent: m.Idempotent, AttemptTimeout: m.Timeout},
		}
	}
	return all
}

// counted notes who gets how many attempts.
func (c *client) counted(dial kitsd.Factory) kitsd.Factory {
	return func(instance string) (endpoint.Endpoint, io.Closer, error) {
		next, closer, err := dial(instance)
		if err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context, req any) (any, error) {
			c.mu.Lock()
			c.counts[instance]++
			c.mu.Unlock()
			return next(ctx, req)
		}, closer, nil
	}
}

func (c *client) retried(context.Context, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retries++
}

// patience is for how long an instance is waited for.
const patience = 5 * time.Second

// ready returns once there is somebody to call.
func (c *client) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.pool.WaitReady(ctx); err != nil {
		target, _ := sd.ParseTarget(c.target) // it was opened; printed so, it shows no password
		return console.EnvironmentError{Err: fmt.Errorf("nobody to call in %s: %w; start the service with kitgen dev, or say where it is with --registry or --addr", target, err)}
	}
	return nil
}

func (c *client) close() error {
	err := errors.Join(c.pool.Close(), c.stack.Close())
	c.instances.Stop()
	return err
}
