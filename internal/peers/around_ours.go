package main

import (
	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
)

// aroundOurs lists every policy of ours alone, by its defaults where it has
// them, and beside whom.
func aroundOurs() ([]layer, error) {
	one := func(policy, beside string, mw endpoint.Middleware) layer {
		return layer{policy: policy, loop: throughEndpoint(mw(nop)), beside: beside, limits: alone}
	}
	all := []layer{
		one("breaker", "gobreaker/around/v2", breaker.New(breaker.Config{})),
		one("retry", "gokit/around/retry", retry.New(retry.Config{Idempotent: true})),
	}
	all[0].limits.beside = 1.5
	return all, nil
}
