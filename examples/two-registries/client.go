package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// client calls whoever is in any of its registries.
type client struct {
	sources []*sd.Instancer // one per registry
	both    *sd.Instancer   // of all of them
	pool    *lb.Pool
	call    endpoint.Endpoint
}

func newClient(registries []string) (*client, error) {
	var c client
	var sources []sd.Source
	for _, target := range registries {
		instances, err := sd.Open(target, sd.InstancerConfig{}, schemes()...)
		if err != nil {
			c.stop()
			return nil, err
		}
		c.sources, sources = append(c.sources, instances), append(sources, instances)
	}
	// Off, because each source protects its own set already.
	c.both = sd.NewInstancer(sd.Merge(sources...), sd.InstancerConfig{Protection: sd.Off})
	c.pool = lb.NewPool(c.both, kithttp.Factory(newGreet, kithttp.ClientConfig{}), lb.PoolConfig{
		Guard: breaker.Each(breaker.Config{}),
	})
	c.call = retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(c.pool, lb.AdaptiveConfig{})))
	return &c, nil
}

// close waits for calls in flight, then ends what newClient began, users first.
func (c *client) close() error {
	err := c.pool.Close()
	c.both.Stop()
	c.stop()
	return err
}

func (c *client) stop() {
	for _, instances := range c.sources {
		instances.Stop()
	}
}

// newGreet is the client of one instance.
func newGreet(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[greeting](c, http.MethodPost, base, "/greet")
}

func (c *client) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := c.call(ctx, greeting{})
	return err
}
