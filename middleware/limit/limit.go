package limit

import (
	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware for servers: it lets as many calls in at a time as
// the service can work on, which it finds out from how long they take. All the
// endpoints that it wraps share one limit; see the package for when they should
// not. A cfg that Validate rejects is a mistake in the program, and New panics
// with Validate's error.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	s := newServer(cfg)
	s.OnNew(s.Name, s.stats)
	return s.guard
}

// Each returns a function that makes the limit of one instance, for clients: a
// middleware for its endpoints, which lets fewer calls through at a time when
// calls fail or are turned down, and whether a call would be let through now.
// Asking takes nothing away from anybody.
//
// A cfg that Validate rejects is a mistake in the program, and Each panics with
// Validate's error.
func Each(cfg Config) func(instance string) (mw endpoint.Middleware, ready func() bool) {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return func(instance string) (endpoint.Middleware, func() bool) {
		c := newClient(cfg, instance)
		c.OnNew(instance, c.stats)
		return c.guard, c.ready
	}
}
