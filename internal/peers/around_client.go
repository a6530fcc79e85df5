package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
)

// clientLimits are what all that a client has may cost, the choice included.
var clientLimits = limits{ns: 600, allocs: 4} //nolint:gochecknoglobals // constants, as far as Go has them

// aroundClients measures middleware.Client around a choice among the instances of
// a pool: as it is without being told anything but that calls are idempotent;
// with every policy but hedging, and those that would answer instead of the
// service; with observers besides; and as it is with hedging.
func aroundClients() ([]layer, error) {
	every, err := everything()
	if err != nil {
		return nil, err
	}
	hedging, policies := defaults(), every
	policies.Observers = nil
	hedging.Retry.Hedge = &retry.HedgeConfig{}
	var all []layer
	for _, c := range []struct {
		policy string
		cfg    middleware.ClientConfig
	}{
		{clientName, defaults()},
		{clientName + ".policies", policies},
		{clientName + ".all", every},
		{clientName + ".hedge", hedging},
	} {
		e, stop, err := ourClient(c.cfg)
		if err != nil {
			return all, err
		}
		all = append(all, layer{
			policy: c.policy, loop: throughEndpoint(e), beside: "gokit/around/" + clientName, limits: clientLimits,
			close: func() { _ = stop() }, // nothing is lost with it
		})
	}
	return all, nil
}

func defaults() middleware.ClientConfig {
	return middleware.ClientConfig{Service: "svc", Retry: retry.Config{Idempotent: true}}
}

// everything is every policy, and all observers but those of traces. The limit of
// an instance stays above the calls there are.
func everything() (middleware.ClientConfig, error) {
	metrics, err := kitprom.New(kitprom.Config{Registerer: prometheus.NewRegistry()})
	if err != nil {
		return middleware.ClientConfig{}, err
	}
	cfg := defaults()
	cfg.Observers = []observe.Observer{metrics, observe.Log(observe.LogConfig{Logger: slog.New(slog.DiscardHandler)})}
	cfg.Throttle, cfg.Bulkhead, cfg.ServiceBreaker = &throttle.Config{}, &bulkhead.Config{}, &breaker.Config{}
	cfg.Limit = &limit.Config{Min: roomy}
	cfg.Methods = map[string]middleware.MethodConfig{method: {Fallback: &fallback.Config{
		Fallback: func(context.Context, any, error) (any, error) { return request, nil },
	}}}
	return cfg, nil
}

// method is the method that is called.
const method = "Sum"

// ourClient returns the calls of a method over a pool of its own.
func ourClient(cfg middleware.ClientConfig) (e endpoint.Endpoint, stop func() error, err error) {
	stack, err := middleware.Client(cfg)
	if err != nil {
		return nil, nil, err
	}
	pool, err := openPool(choosing, lb.PoolConfig{Guard: stack.Guard})
	if err != nil {
		return nil, nil, errors.Join(err, stack.Close())
	}
	pick := lb.Endpoint(lb.NewAdaptive(pool.Pool, lb.AdaptiveConfig{}))
	return stack.Method(method)(pick), func() error { return errors.Join(pool.Close(), stack.Close()) }, nil
}
