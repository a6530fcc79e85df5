package main

import (
	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
)

// client is what all that a client has may cost.
var client = limits{ns: 600, allocs: 4} //nolint:gochecknoglobals // constants, as far as Go has them

// ourClient is all that a client of ours has around a call, over a pool.
func ourClient() (e endpoint.Endpoint, stop func(), err error) {
	pool, err := openPool(choosing, lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
	if err != nil {
		return nil, nil, err
	}
	e = retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(pool.Pool, lb.AdaptiveConfig{})))
	return e, pool.close, nil
}

func aroundClient() (layer, error) {
	e, stop, err := ourClient()
	if err != nil {
		return layer{}, err
	}
	return layer{policy: clientName, loop: throughEndpoint(e), beside: "gokit/around/" + clientName, limits: client, close: stop}, nil
}
