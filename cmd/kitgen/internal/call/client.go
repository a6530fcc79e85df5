package call

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/dns"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/sd/file"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// client makes calls, with the policies that a generated client has by itself.
type client struct {
	call      endpoint.Endpoint // takes jobs; see around
	instances *sd.Instancer
	pool      *lb.Pool
	stacks    []*middleware.ClientStack
	target    string

	mu      sync.Mutex     // guards the rest
	counts  map[string]int // attempts, by address
	last    string         // address of the last
	retries int
}

// open makes a client of who is to be found at target, over one wire. Its calls are
// those of a, unless around says otherwise.
func open(target, wire string, certs *tls.Config, a about, within time.Duration) (*client, error) {
	c := &client{target: target, counts: map[string]int{}}
	var err error
	c.instances, err = sd.Open(target, sd.InstancerConfig{Transport: wire},
		etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}), dns.Scheme(dns.Config{}), file.Scheme(file.Config{}), sd.Static())
	if err != nil {
		return nil, console.UsageError{Err: fmt.Errorf("where to call: %w", err)}
	}
	stack, err := c.stack(a, within)
	if err != nil {
		c.instances.Stop()
		return nil, err
	}
	c.pool = lb.NewPool(c.instances, c.counted(dial(wire, certs)), lb.PoolConfig{Guard: stack.Guard})
	c.call = c.through(stack, a)
	return c, nil
}

// around has calls be those of a from now on.
func (c *client) around(a about, within time.Duration) error {
	stack, err := c.stack(a, within)
	if err != nil {
		return err
	}
	c.call = c.through(stack, a)
	return nil
}

func (c *client) stack(a about, within time.Duration) (*middleware.ClientStack, error) {
	cfg := middleware.ClientConfig{Balancer: "adaptive", Retry: retry.Config{OnRetry: c.retried}}
	stack, err := middleware.Client(cfg.For(a.Service, map[string]middleware.MethodConfig{a.Method: a.policy(within)}))
	if err == nil {
		c.stacks = append(c.stacks, stack)
	}
	return stack, err
}

func (c *client) through(stack *middleware.ClientStack, a about) endpoint.Endpoint {
	call := stack.Method(a.Method)(lb.Endpoint(lb.NewAdaptive(c.pool, lb.AdaptiveConfig{})))
	if !a.StreamIn {
		return call
	}
	return func(ctx context.Context, job any) (any, error) { return call(lb.Untimed(ctx), job) }
}

// large is how much may come at once: more than services take from each other.
const large = 256 << 20

// dial makes endpoints that carry out jobs: onGRPC, onHTTP.
func dial(wire string, certs *tls.Config) kitsd.Factory {
	if wire == "http" {
		return kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
			return func(ctx context.Context, job any) (any, error) { return job.(onHTTP)(ctx, c, base) } //nolint:forcetypeassert // nobody sends anything else
		}, kithttp.ClientConfig{TLS: certs, MaxResponse: large})
	}
	opts := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(large), grpc.MaxCallSendMsgSize(math.MaxInt32))}
	if certs != nil {
		opts = append(opts, grpc.WithTransportCredentials(credentials.NewTLS(certs)))
	}
	return kitgrpc.Factory(func(cc *grpc.ClientConn) endpoint.Endpoint {
		return func(ctx context.Context, job any) (any, error) { return job.(onGRPC)(ctx, cc) } //nolint:forcetypeassert // nobody sends anything else
	}, opts...)
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
			c.last = instance
			c.mu.Unlock()
			return next(ctx, req)
		}, closer, nil
	}
}

// at is where the last attempt went; empty if there was none.
func (c *client) at() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
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
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.pool.WaitReady(waiting); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return console.EnvironmentError{Err: fmt.Errorf("nobody to call in %s: %w; start the service, as kitgen dev does, or say where it is: by a target, --registry or --addr", c.place(), err)}
	}
	return nil
}

// place is the target as it may be shown: without a password.
func (c *client) place() string {
	t, _ := sd.ParseTarget(c.target) // it was opened
	return t.String()
}

func (c *client) close() error {
	errs := []error{c.pool.Close()}
	for _, s := range c.stacks {
		errs = append(errs, s.Close())
	}
	c.instances.Stop()
	return errors.Join(errs...)
}
