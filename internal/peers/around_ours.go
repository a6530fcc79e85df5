package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/coalesce"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/recovery"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// aroundOurs lists every policy of ours alone, by its defaults where it has
// them, and beside whom. Retries are of calls that may be made again, or there
// would be less to it.
func aroundOurs() ([]layer, error) {
	all := []layer{
		ourBreaker(),
		one("retry", "gokit/around/retry", retry.New(retry.Config{Idempotent: true})),
		one("timeout", "golang/around/withtimeout", timeout.New(timeout.Config{})),
		one("throttle", "failsafe/around/adaptivethrottler", throttle.New(throttle.Config{})),
		one("bulkhead", "failsafe/around/bulkhead", bulkhead.New(bulkhead.Config{})),
		one("ratelimit", "golang/around/rate", ratelimit.New(ratelimit.Config{Rate: plenty})),
		one("limit", "failsafe/around/adaptivelimiter", limit.New(limit.Config{Min: roomy})),
		ourShed(),
		one("fallback", "failsafe/around/fallback", fallback.New(fallback.Config{
			Fallback: func(context.Context, any, error) (any, error) { return request, nil },
		})),
		one("recovery", "kratos/around/recovery", recovery.New(recovery.Config{})),
		ourCoalesce(),
		ourCache(),
		ourAuth(),
		ourObserver("log", observe.Log(observe.LogConfig{Logger: slog.New(slog.DiscardHandler)})),
	}
	metrics, err := kitprom.New(kitprom.Config{Registerer: prometheus.NewRegistry()})
	if err != nil {
		return all, err
	}
	all = append(all, ourObserver("prom", metrics))
	whole, err := aroundClients()
	return append(all, whole...), err
}

func one(policy, beside string, mw endpoint.Middleware) layer {
	return layer{policy: policy, loop: throughEndpoint(mw(nop)), beside: beside, limits: alone}
}

func ourBreaker() layer {
	l := one("breaker", "gobreaker/around/v2", breaker.New(breaker.Config{}))
	l.limits.beside = 1.5
	return l
}

// ourShed looks at the CPU that nothing is known of: the benchmark keeps it busy.
func ourShed() layer {
	return one("shed", "gozero/around/shedder", shed.New(shed.Config{
		CPU: func() (float64, bool) { return 0, false }, MaxWait: time.Hour,
	}))
}

// ourCoalesce is measured as singleflights are: nobody waits for another's call.
func ourCoalesce() layer {
	mw := coalesce.New(coalesce.Config{Key: keyOf})
	return layer{policy: "coalesce", loop: ownKeys(mw(nop)), beside: "golang/around/singleflight", limits: alone}
}

// ourCache has the answers of all that ask for them.
func ourCache() layer {
	mw := cache.New(cache.Config{Key: keyOf, TTL: time.Hour})
	return layer{policy: "cache", loop: ownKeys(mw(nop)), beside: "failsafe/around/cachepolicy", limits: alone}
}

type keyInContext struct{}

func keyOf(ctx context.Context, _ any) (string, bool) {
	key, ok := ctx.Value(keyInContext{}).(string)
	return key, ok
}

// ownKeys makes the calls of every goroutine with another key.
func ownKeys(e endpoint.Endpoint) func(ops int) error {
	ownKey := keysInTurn()
	return func(ops int) error {
		return throughContext(context.WithValue(context.Background(), keyInContext{}, ownKey()), e)(ops)
	}
}

// ourObserver is told of whole calls.
func ourObserver(what string, by observe.Observer) layer {
	calls := observe.Calls(observe.Config{Service: "svc", Observers: []observe.Observer{by}})
	return one("observe."+what, "gokit/around/metrics", calls(method))
}

// ourAuth finds the caller by the key that is shown.
func ourAuth() layer {
	const key = "0123456789abcdef0123456789abcdef"
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "caller", Secret: auth.NewSecret(key)}}})
	ctx := auth.WithCredentials(context.Background(), auth.Credentials{APIKey: auth.NewSecret(key)})
	guarded := auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify}})(func(ctx context.Context, _ any) (any, error) {
		if _, ok := auth.From(ctx); !ok {
			return nil, errors.New("nobody was let in")
		}
		return request, nil
	})
	return layer{policy: "auth.apikey", loop: throughContext(ctx, guarded), beside: "gokit/around/auth.basic", limits: alone}
}
