package recovery

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware that answers a call that panics with a *Panic. It
// costs a call that does not panic nothing but a defer.
func New(cfg Config) endpoint.Middleware {
	r := recoverer{cfg.withDefaults()}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (response any, err error) {
			returned := false
			defer func() {
				if returned {
					return
				}
				if p := r.caught(ctx, recover()); p != nil {
					response, err = nil, p
				}
			}()
			response, err = next(ctx, request)
			returned = true
			return response, err
		}
	}
}

type recoverer struct{ Config }

// caught tells of the panic that v was recovered from and returns it. It
// returns nil for runtime.Goexit, which goes on whatever anybody does.
func (r recoverer) caught(ctx context.Context, v any) *Panic {
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so too
		panic(v)
	}
	p := &Panic{Value: v, Stack: debug.Stack()}
	if v == nil {
		p.Value = errGoexit
	}
	r.tell(ctx, p)
	if v == nil {
		return nil
	}
	return p
}

// tell logs p and calls OnPanic. Should the one panic, the other is still told.
func (r recoverer) tell(ctx context.Context, p *Panic) {
	_ = safely(func() { r.log("panic", p) }) // there is nobody left to tell
	if again := safely(func() { r.OnPanic(ctx, p) }); again != nil {
		_ = safely(func() { r.log("OnPanic panicked", again) })
	}
}

func (r recoverer) log(what string, p *Panic) {
	_ = r.Logger.Log("msg", what, "err", fmt.Sprint(p.Value), "stack", string(p.Stack))
}

// safely runs f and returns how it panicked, if it did.
func safely(f func()) (p *Panic) {
	defer func() {
		if v := recover(); v != nil {
			p = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	f()
	return nil
}
