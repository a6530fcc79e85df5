package breaker

import (
	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware with one circuit, named cfg.Name and shared by all
// the endpoints it wraps: for one upstream that is not balanced, or for a whole
// service, around retry. Most callers want Each: a circuit around a balancer
// cannot tell a broken instance from a broken service. A cfg that Validate
// rejects is a mistake in the program, and New panics with Validate's error.
func New(cfg Config) endpoint.Middleware {
	mw, _ := NewGroup(cfg).Each(cfg.Name)
	return mw
}

// Each returns a function that makes the circuit of one instance: a middleware
// for its endpoints, and whether a call would be let through now. Asking takes
// nothing away from anybody: of several who were told yes, while the circuit is
// about to probe, the first to call is the probe and the others are rejected.
// To see the circuits, use a Group and its Each.
//
// A cfg that Validate rejects is a mistake in the program, and Each panics with
// Validate's error.
func Each(cfg Config) func(instance string) (mw endpoint.Middleware, ready func() bool) {
	return NewGroup(cfg).Each
}
