package observe

import (
	"context"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/internal/messages"
)

// Calls returns a function that makes the middleware of one method, to stand
// outermost: it observes whole calls, from the client's or from the server's
// side. Without observers the middleware is the endpoint itself.
//
// A cfg that Validate rejects is a mistake in the program, and Calls panics
// with Validate's error.
func Calls(cfg Config) func(method string) endpoint.Middleware {
	t := newTeller(cfg)
	return func(method string) endpoint.Middleware {
		all := &Call{Side: t.cfg.Side, Service: t.cfg.Service, Method: method, Balancer: t.cfg.Balancer}
		return t.middleware(func(ctx context.Context, request any) (context.Context, meeting) {
			c := all
			if m := t.cfg.Method(ctx, request); m != "" && m != method {
				one := *all
				one.Method = m
				c = &one
			}
			if c.Side == Server {
				return ctx, meet(c, messages.Of(ctx, messages.Received{}))
			}
			w := &withCall{Context: ctx, call: c}
			return w, meet(c, &w.sent)
		})
	}
}

// Attempts returns a function that makes the middleware of one instance, to
// stand innermost, around the transport: it observes the attempts of calls.
// Without observers the middleware is the endpoint itself.
//
// A cfg that Validate rejects is a mistake in the program, and Attempts panics
// with Validate's error.
func Attempts(cfg Config) func(instance string) endpoint.Middleware {
	t := newTeller(cfg)
	return func(instance string) endpoint.Middleware {
		var last atomic.Pointer[Call] // often the next one is the same again
		return t.middleware(func(ctx context.Context, request any) (context.Context, meeting) {
			method, sent := within(ctx)
			if m := t.cfg.Method(ctx, request); m != "" {
				method = m
			}
			number, breaker := max(1, attempt.Number(ctx)), t.cfg.Breaker(instance)
			if c := last.Load(); c != nil && c.Method == method && c.Attempt == number && c.Breaker == breaker {
				return ctx, meet(c, sent)
			}
			c := &Call{
				Side:     Attempt,
				Service:  t.cfg.Service,
				Method:   method,
				Instance: instance,
				Attempt:  number,
				Breaker:  breaker,
				Balancer: t.cfg.Balancer,
			}
			last.Store(c)
			return ctx, meet(c, sent)
		})
	}
}
