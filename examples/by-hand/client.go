package addsvc

import (
	"context"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// NewFactory makes one endpoint per instance. It takes every request of the
// service, so all methods share the instance's connections, load and breaker.
func NewFactory() kitsd.Factory {
	return kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		sum := kithttp.NewEndpoint[SumResponse](c, http.MethodPost, base, "/sum")
		concat := kithttp.NewEndpoint[ConcatResponse](c, http.MethodPost, base, "/concat")
		return func(ctx context.Context, request any) (any, error) {
			switch request.(type) {
			case SumRequest:
				return sum(ctx, request)
			case ConcatRequest:
				return concat(ctx, request)
			}
			return nil, errUnknown(request)
		}
	}, kithttp.ClientConfig{})
}

// Call finds the service in etcd, and makes one call.
func Call(ctx context.Context, client *clientv3.Client, request any) (any, error) {
	factory := NewFactory() // a go-kit sd.Factory: from host:port to an endpoint

	instances := etcd.NewInstancer(client, "addsvc", etcd.Config{}) // go-kit sd.Instancer
	defer instances.Stop()
	pool := lb.NewPool(instances, factory, lb.PoolConfig{ // go-kit sd.Endpointer
		Guard: breaker.Each(breaker.Config{}), // one breaker per instance
	})
	defer pool.Close()
	balancer := lb.NewAdaptive(pool, lb.AdaptiveConfig{}) // go-kit lb.Balancer
	repeat := retry.New(retry.Config{Idempotent: true})   // go-kit endpoint.Middleware
	call := repeat(lb.Endpoint(balancer))                 // go-kit endpoint.Endpoint
	if err := pool.WaitReady(ctx); err != nil {
		return nil, err
	}
	return call(ctx, request)
}
