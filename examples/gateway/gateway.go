package main

import (
	"context"
	"errors"
	"net/http"

	kitsd "github.com/go-kit/kit/sd"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// gateway passes requests on.
type gateway struct {
	handler http.Handler
	pool    *lb.Pool
	stack   *middleware.ClientStack
}

func newGateway(instances kitsd.Instancer, c cookies, logger log.Logger) (*gateway, error) {
	stack, err := middleware.Client(middleware.ClientConfig{
		Service: "users",
		Timeout: timeout.Config{Timeout: -1}, // streams and WebSockets take as long as they take
		Retry:   retry.Config{Idempotent: true, Streams: true},
		Logger:  logger,
	})
	if err != nil {
		return nil, err
	}
	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard, Logger: logger})
	sticky, err := lb.NewSticky(pool, lb.StickyConfig{}, nil)
	if err != nil {
		return nil, errors.Join(err, pool.Close(), stack.Close())
	}
	call := stack.Method("http")(lb.Endpoint(sticky))
	handler := kithttp.NewProxy(kithttp.NewRoundTripper(call), kithttp.ProxyConfig{
		Host:   "users",
		Before: []httptransport.RequestFunc{c.resume},
		After:  []httptransport.ClientResponseFunc{c.keep},
		Logger: logger,
	})
	return &gateway{handler, pool, stack}, nil
}

// Close closes the connections that are idle, and waits for the others.
func (g *gateway) Close() error { return errors.Join(g.pool.Close(), g.stack.Close()) }

const cookieName = "instance"

// visit is a request's session, and with whom it was before.
type visit struct {
	session *lb.Session
	before  string
}

type visitKey struct{}

// resume gives a request the session that its cookie is of.
func (c cookies) resume(ctx context.Context, r *http.Request) context.Context {
	before := ""
	if cookie, err := r.Cookie(cookieName); err == nil {
		before = c.open(cookie.Value)
	}
	v := visit{lb.NewSession(before), before}
	return context.WithValue(lb.WithSession(ctx, v.session), visitKey{}, v)
}

// keep has the browser remember with whom the session is now.
func (c cookies) keep(ctx context.Context, resp *http.Response) context.Context {
	v, ok := ctx.Value(visitKey{}).(visit)
	if !ok || v.session.Instance() == v.before {
		return ctx
	}
	cookie := http.Cookie{
		Name: cookieName, Value: c.seal(v.session.Instance()), Path: "/", // until the browser is closed: it is not set anew
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	resp.Header.Add("Set-Cookie", cookie.String())
	return ctx
}
