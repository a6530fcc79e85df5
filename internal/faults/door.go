package main

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
)

// door is a way in for those who call the service.
type door struct {
	name    string // in rows
	who     string // comes in by it
	wire    string // which of an instance's addresses it calls
	lasting bool   // it connects to every instance at once, and stays connected
	open    func(t *trial, at string, instances *sd.Instancer) entrance
}

// entrance is an open door, as the consumer uses it.
type entrance struct {
	call  func(ctx context.Context) (id string, err error) // who answered
	watch func(ctx context.Context) (stream, error)        // ends when ctx does
	pool  *lb.Pool                                         // nil if it is not to be seen
	close func() error
}

// stream is an answer that goes on. Its context must be ended by who opened it.
type stream interface {
	// next is who speaks. The error is why nothing more comes; io.EOF says that
	// all has been said.
	next() (id string, err error)
}

// doors are all there are; the first is what rows call by that are about
// something else.
func doors() []door {
	return []door{endpointDoor(), grpcDoor(), stubDoor(), clientDoor()}
}

// newPool is that of most services.
func newPool(instances *sd.Instancer, f kitsd.Factory) *lb.Pool {
	return lb.NewPool(instances, f, lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
}

// picked is a call by a pool, with retries around.
func picked(pool *lb.Pool, cfg retry.Config) endpoint.Endpoint {
	cfg.Idempotent = true
	return retry.New(cfg)(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
}

// byPool is the door of those who pick from a pool, whose endpoints take a
// request or, for a stream, a watching.
func byPool(pool *lb.Pool, id func(response any) string, read func(response any) stream) entrance {
	call, watch := picked(pool, retry.Config{}), picked(pool, retry.Config{Streams: true})
	return entrance{
		pool:  pool,
		close: pool.Close,
		call: func(ctx context.Context) (string, error) {
			resp, err := call(ctx, struct{}{})
			if err != nil {
				return "", err
			}
			return id(resp), nil
		},
		watch: func(ctx context.Context) (stream, error) {
			resp, err := watch(lb.Untimed(ctx), watching{})
			if err != nil {
				return nil, err
			}
			return read(resp), nil
		},
	}
}

// watching is the request of a stream.
type watching struct{}
