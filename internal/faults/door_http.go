package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// clientConfig gives connections up early, so that a row need not wait for it.
func clientConfig() kithttp.ClientConfig {
	return kithttp.ClientConfig{IdleConnTimeout: 500 * time.Millisecond}
}

// endpointDoor is go-kit's endpoints over HTTP.
func endpointDoor() door {
	return door{name: "endpoint", who: "endpoints over HTTP", wire: overHTTP, open: func(_ *trial, _ string, instances *sd.Instancer) entrance {
		pool := lb.NewPool(instances, kithttp.Factory(newHTTPCall, clientConfig()), poolConfig())
		return byPool(pool, func(response any) string { return response.(answer).ID }) //nolint:forcetypeassert // newHTTPCall returns nothing else
	}}
}

// newHTTPCall is the client of one instance.
func newHTTPCall(base *url.URL, c *http.Client) endpoint.Endpoint {
	call := kithttp.NewEndpoint[answer](c, http.MethodPost, base, "/call")
	return func(ctx context.Context, request any) (any, error) {
		return call(ctx, request)
	}
}
