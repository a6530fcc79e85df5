package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	folder "github.com/kitgen/kitgen/examples/own-registry"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// basket is what a customer asks the price of.
type basket struct {
	Items []string `json:"items"`
}

// total is the shop's answer.
type total struct {
	Amount int64 `json:"amount"`
}

// serveShop runs the shop: HTTP on l, metrics and the debug page on debug. It
// calls prices, which it finds by watching.
func serveShop(ctx context.Context, l, debug net.Listener, registry folder.Registry, t *telemetry) (err error) {
	instances := sd.NewInstancer(registry.Watcher("prices"), sd.InstancerConfig{})
	defer instances.Stop()
	stack, err := middleware.Client(middleware.ClientConfig{
		Service:   "prices",
		Balancer:  "adaptive",
		Observers: t.observers, // of whole calls, and of their attempts
		Retry: retry.Config{
			Idempotent: true, OnRetry: kitotel.RetryEvent,
			AttemptTimeout: -1, // on a machine that stalls, a late answer is one, too
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	pool := lb.NewPool(instances, kitgrpc.Factory(newPrice), lb.PoolConfig{
		Guard:   stack.Guard,
		Explain: 50, // the last picks, for the page
	})
	defer func() { err = errors.Join(err, pool.Close()) }()
	if pool.WaitReady(ctx) != nil { // a shop without prices does not open
		return nil
	}
	price := stack.Method("Price")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))

	serving, err := middleware.Server(middleware.ServerConfig{Service: "shop", Observers: t.observers})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /total", kithttp.NewServer(serving.Method("Total")(totalOf(price)), kithttp.DecodeJSON[basket],
		httptransport.ServerBefore(kitotel.HTTPToContext(nil)))) // the caller's trace goes on here
	server := kithttp.Server(l, mux, kithttp.Config{})

	self := sd.Instance{ID: sd.NewID("shop"), Addr: l.Addr().String()}
	registrar := sd.NewRegistrar(registry.Holder("shop"), self, sd.RegistrarConfig{Watcher: registry.Watcher("shop")})
	ready, timeline := new(transport.Ready), new(transport.Timeline)
	page, err := kitdebug.New(kitdebug.Config{
		Name:      "shop",
		Clients:   []kitdebug.Client{{Name: "prices", Instances: instances, Pool: pool, Stack: stack}},
		Servers:   []transport.Server{server},
		Stack:     serving,
		Ready:     ready,
		Registrar: registrar,
		Timeline:  timeline,
		Also:      map[string]http.Handler{"/metrics": promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})},
	})
	if err != nil {
		return err
	}
	if err := t.registry.Register(kitprom.Figures(page)); err != nil { // the same figures for Prometheus
		return err
	}
	return transport.Serve(ctx, transport.Config{
		Servers:   []transport.Server{server, kitdebug.Server(debug, page)},
		Registrar: registrar,
		Ready:     ready,
		Timeline:  timeline,
	})
}

// totalOf is the shop's one method.
func totalOf(price endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		var sum total
		for _, item := range request.(basket).Items {
			amount, err := price(ctx, item)
			if err != nil {
				return nil, err
			}
			sum.Amount += amount.(int64)
		}
		return sum, nil
	}
}
