package main

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/go-kit/kit/auth/basic"
	"github.com/go-kit/kit/circuitbreaker"
	"github.com/go-kit/kit/endpoint"
	kitprometheus "github.com/go-kit/kit/metrics/prometheus"
	"github.com/go-kit/kit/ratelimit"
	kitlb "github.com/go-kit/kit/sd/lb"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/prometheus/client_golang/prometheus"
	gobreaker1 "github.com/sony/gobreaker"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// clientName is all that a client has around a call, the choice included.
const clientName = "client"

// The rates that limits of rate are given: calls that take nothing come below it.
const (
	plenty = 1e9     // per second
	burst  = 1 << 20 // at once
)

// aroundGoKit measures go-kit's middlewares, and all it has for a client in the
// order of its documentation. Its retry is over its round robin.
func aroundGoKit() ([]layer, error) {
	set, _, err := goKitSet(choosing)
	if err != nil {
		return nil, err
	}
	turns := kitlb.NewRoundRobin(set)
	return []layer{
		{policy: "roundrobin", loop: calls(turns, false), close: set.Close},
		{policy: "retry", loop: throughEndpoint(goKitRetry(turns))},
		{policy: "gobreaker", loop: throughEndpoint(goKitBreaker()(nop))},
		{policy: "ratelimit", loop: throughEndpoint(goKitRate()(nop))},
		{policy: "metrics", loop: throughEndpoint(goKitMetrics()(nop))},
		goKitAuth(),
		{policy: clientName, loop: throughEndpoint(goKitClient(turns))},
	}, nil
}

// goKitClient is go-kit's whole chain: rate limit, breaker, retry, choice.
func goKitClient(b kitlb.Balancer) endpoint.Endpoint {
	return goKitRate()(goKitBreaker()(goKitRetry(b)))
}

// goKitRetry has much time: among callers that wait for one another's locks, two
// seconds were not enough for a call that does nothing.
func goKitRetry(b kitlb.Balancer) endpoint.Endpoint { return kitlb.Retry(3, patience, b) }

func goKitBreaker() endpoint.Middleware {
	return circuitbreaker.Gobreaker(gobreaker1.NewCircuitBreaker(gobreaker1.Settings{}))
}

func goKitRate() endpoint.Middleware {
	return ratelimit.NewErroringLimiter(rate.NewLimiter(plenty, burst))
}

// goKitMetrics is the middleware of go-kit's example addsvc: a histogram of how
// long calls take, for Prometheus.
func goKitMetrics() endpoint.Middleware {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "seconds", Help: "How long calls take."}, []string{"method", "success"})
	took := kitprometheus.NewHistogram(seconds).With("method", method)
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (_ any, err error) {
			defer func(begin time.Time) {
				took.With("success", strconv.FormatBool(err == nil)).Observe(time.Since(begin).Seconds())
			}(time.Now())
			return next(ctx, request)
		}
	}
}

// goKitAuth is go-kit's middleware for a user and a password.
func goKitAuth() layer {
	shown := "Basic " + base64.StdEncoding.EncodeToString([]byte("caller:0123456789abcdef"))
	ctx := context.WithValue(context.Background(), httptransport.ContextKeyRequestAuthorization, shown)
	guard := basic.AuthMiddleware("caller", "0123456789abcdef", "realm")
	return layer{policy: "auth.basic", loop: throughContext(ctx, guard(nop))}
}

// aroundGobreaker measures sony/gobreaker by itself.
func aroundGobreaker() ([]layer, error) {
	v1 := gobreaker1.NewCircuitBreaker(gobreaker1.Settings{})
	v2 := gobreaker.NewCircuitBreaker[any](gobreaker.Settings{})
	return []layer{
		{policy: "v1", loop: throughGet(v1.Execute)},
		{policy: "v2", loop: throughGet(v2.Execute)},
	}, nil
}
