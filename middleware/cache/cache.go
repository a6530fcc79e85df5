package cache

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

// New returns a middleware that keeps responses and answers with them. Each
// endpoint it wraps has entries of its own: keys of different methods may be the
// same. A hit costs no allocation but for what Config.Key makes. A cfg that
// Validate rejects is a mistake in the program, and New panics with Validate's
// error.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	cfg = cfg.withDefaults()
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		c := &cache{Config: cfg, next: next, base: time.Now(), kept: newStore(cfg.Entries)}
		return c.call
	}
}

// cache is what is kept of one endpoint. Times are since base, which is cheaper
// to ask than the time of day.
type cache struct {
	Config
	next endpoint.Endpoint
	base time.Time
	kept *store
}

func (c *cache) call(ctx context.Context, request any) (any, error) {
	key, ok := c.Key(ctx, request)
	if !ok {
		return c.next(ctx, request)
	}
	old, found := c.kept.get(key)
	if found && c.past(old) < 0 {
		c.Stats.hit()
		return old.response, nil
	}
	c.Stats.miss()
	response, err := c.next(ctx, request)
	if c.Classify(ctx, response, err) == classify.Success {
		c.learn(key, response, err)
		return response, err
	}
	if found && c.mayBeStale(ctx, old) {
		c.Stats.stale()
		return old.response, nil
	}
	return response, err
}

// learn keeps the answer to a call, if it may be kept. An error of the business
// (there is no such thing any more) must not be, and what was kept is wrong.
func (c *cache) learn(key string, response any, err error) {
	failer, _ := response.(endpoint.Failer)
	if err != nil || failer != nil && failer.Failed() != nil {
		c.kept.remove(key)
		return
	}
	c.kept.put(key, entry{response, time.Since(c.base)})
}

// mayBeStale reports whether old may answer for a call that failed. A caller who
// has cancelled hears nothing; one whose deadline has passed may still be there,
// since it is often the total timeout's.
func (c *cache) mayBeStale(ctx context.Context, old entry) bool {
	return c.past(old) < c.MaxStale && !errors.Is(ctx.Err(), context.Canceled)
}

// past returns by how much e has outlived its TTL; before that, less than 0.
func (c *cache) past(e entry) time.Duration {
	return time.Since(c.base) - e.at - c.TTL
}
