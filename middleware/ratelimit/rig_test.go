package ratelimit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller is a Config.Key for requests that are their caller's name.
func caller(_ context.Context, request any) string { return request.(string) }

// through makes n calls at once and returns how many go through.
func through(t *testing.T, call endpoint.Endpoint, n int, request any) (ok int) {
	t.Helper()
	for range n {
		switch _, err := call(t.Context(), request); {
		case err == nil:
			ok++
		case !errors.Is(err, ErrLimited):
			t.Fatal(err)
		}
	}
	return ok
}

// retryAfter makes a call that must be rejected, and returns when it may come
// again.
func retryAfter(t *testing.T, call endpoint.Endpoint, request any) time.Duration {
	t.Helper()
	_, err := call(t.Context(), request)
	limited, ok := errors.AsType[*LimitedError](err)
	if !ok {
		t.Fatalf("%v, want a LimitedError", err)
	}
	after, known := limited.RetryAfter()
	if known != (after != 0) {
		t.Errorf("RetryAfter = %v, %v", after, known)
	}
	return after
}
