package main

import (
	"errors"
	"net/http"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// service is an http.Client of all instances of a service.
type service struct {
	client *http.Client
	pool   *lb.Pool
	stack  *middleware.ClientStack
}

// newService makes one.
func newService(instances kitsd.Instancer) (*service, error) {
	stack, err := middleware.Client(middleware.ClientConfig{
		Service: "users",
		Timeout: timeout.Config{Timeout: -1}, // the request's context and http.Client.Timeout are enough
		Retry:   retry.Config{Idempotent: true, Streams: true},
	})
	if err != nil {
		return nil, err
	}
	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
	call := stack.Method("http")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	return &service{&http.Client{Transport: kithttp.NewRoundTripper(call)}, pool, stack}, nil
}

// Close closes the connections that are idle, and waits for the others.
func (s *service) Close() error { return errors.Join(s.pool.Close(), s.stack.Close()) }
