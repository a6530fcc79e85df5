package ratelimit

import (
	"context"

	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware with one limit (one for each key, if cfg has a Key),
// shared by all the endpoints it wraps. A cfg that Validate rejects is a mistake
// in the program, and New panics with Validate's error.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	take := cfg.withDefaults().decider()
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			if err := take(ctx, request); err != nil {
				return nil, err
			}
			return next(ctx, request)
		}
	}
}

// decider is what decides on a call: nil, or a LimitedError.
type decider func(ctx context.Context, request any) error

func (c Config) decider() decider {
	switch {
	case c.Allower != nil:
		return allow(c.Allower)
	case c.Waiter != nil:
		return wait(c.Waiter)
	case c.Limiter != nil:
		return c.ask
	case c.Key != nil:
		buckets := newKeys(c.MaxKeys, c.bucket)
		return func(ctx context.Context, request any) error {
			return c.take(ctx, buckets.of(c.Key(ctx, request)))
		}
	default:
		all := c.bucket()
		return func(ctx context.Context, _ any) error { return c.take(ctx, all) }
	}
}
