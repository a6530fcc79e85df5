package limit_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errDown     = statusError(503)
	errCanceled = context.Canceled
)

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

type do func(ctx context.Context) (any, error)

// rig is one limit around an endpoint that does what the request says, and
// otherwise what next does.
type rig struct {
	t    *testing.T
	call endpoint.Endpoint
	next endpoint.Endpoint
}

func newRig(t *testing.T, mw endpoint.Middleware) *rig {
	t.Helper()
	r := &rig{t: t}
	r.call = mw(func(ctx context.Context, request any) (any, error) {
		if f, ok := request.(do); ok {
			return f(ctx)
		}
		return r.next(ctx, request)
	})
	return r
}

// run makes a call that ends with err.
func (r *rig) run(err error) error {
	_, err = r.call(context.Background(), do(func(context.Context) (any, error) { return nil, err }))
	return err
}

// begin starts a call in a goroutine of its own, waits until it is under way,
// and returns the function that ends it with an error.
func (r *rig) begin() (end func(error)) {
	r.t.Helper()
	started, result, ended := make(chan struct{}), make(chan error), make(chan error)
	go func() {
		_, err := r.call(context.Background(), do(func(context.Context) (any, error) {
			close(started)
			return nil, <-result
		}))
		ended <- err
	}()
	select {
	case <-started:
	case err := <-ended:
		r.t.Fatalf("the call was not let through: %v", err)
	}
	return func(err error) { result <- err; <-ended }
}

// die makes a call that panics, and one that ends its goroutine.
func (r *rig) die() {
	done := make(chan any)
	for _, f := range []func(){func() { panic(errDown) }, runtime.Goexit} {
		go func() {
			defer func() { done <- recover() }()
			_, _ = r.call(context.Background(), do(func(context.Context) (any, error) { f(); return nil, nil }))
		}()
	}
	a, b := <-done, <-done
	if (a == nil) == (b == nil) || a != nil && !errors.Is(a.(error), errDown) || b != nil && !errors.Is(b.(error), errDown) {
		r.t.Errorf("ended with %v and %v, want a panic with %v and a Goexit", a, b, errDown)
	}
}

// stream is a response that is in flight until it ends.
type stream struct{ ended func(error) }

func (s *stream) OnEnd(f func(error)) { s.ended = f }
