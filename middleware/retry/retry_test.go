package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

type notSent struct{}

func (notSent) Error() string { return "rejected" }
func (notSent) NotSent() bool { return true }

type failer struct{}

func (failer) Failed() error { return errors.New("insufficient funds") }

// script is an endpoint whose n-th call ends with its n-th error, and all that
// follow with the last one.
type script struct {
	errs  []error
	calls int
}

func (s *script) endpoint(context.Context, any) (any, error) {
	err := s.errs[min(s.calls, len(s.errs)-1)]
	s.calls++
	if err != nil {
		return nil, err
	}
	return "ok", nil
}

// TestAttempts is go-kit's R2: which errors cost how many attempts.
func TestAttempts(t *testing.T) {
	for _, tt := range []struct {
		name        string
		errs        []error
		write, read int // attempts when not idempotent, and when idempotent
	}{
		{"success", []error{nil}, 1, 1},
		{"business error", []error{statusError(404)}, 1, 1},
		{"too many requests", []error{statusError(429)}, 1, 1},
		{"cancelled by somebody else", []error{context.Canceled}, 1, 1},
		{"503", []error{statusError(503)}, 1, 3},
		{"EOF", []error{io.EOF}, 1, 3},
		{"503, then success", []error{statusError(503), nil}, 1, 2},
		{"503, then business error", []error{statusError(503), statusError(404)}, 1, 2},
		{"rejected", []error{notSent{}}, 3, 3},
		{"refused", []error{syscall.ECONNREFUSED}, 3, 3},
		{"rejected, then success", []error{notSent{}, nil}, 2, 2},
		{"rejected, then 503", []error{notSent{}, statusError(503)}, 2, 3},
		{"given up by an inner retry", []error{&retry.Error{Attempts: 3, Errs: []error{statusError(503)}}}, 1, 1},
	} {
		for idempotent, want := range map[bool]int{false: tt.write, true: tt.read} {
			t.Run(fmt.Sprintf("%s/idempotent=%v", tt.name, idempotent), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := script{errs: tt.errs}
					response, err := retry.New(retry.Config{Idempotent: idempotent})(s.endpoint)(t.Context(), nil)
					if s.calls != want {
						t.Errorf("%d attempts, want %d", s.calls, want)
					}
					last := tt.errs[min(s.calls, len(tt.errs))-1]
					if !errors.Is(err, last) {
						t.Errorf("error %v does not match the last attempt's %v", err, last)
					}
					if last == nil && response != "ok" {
						t.Errorf("response = %v", response)
					}
				})
			})
		}
	}
}

func TestBusinessErrorsComeBackAsTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := retry.New(retry.Config{Idempotent: true})
		_, err := call((&script{errs: []error{statusError(503), statusError(404)}}).endpoint)(t.Context(), nil)
		if err != statusError(404) {
			t.Errorf("%v (%[1]T), want the bare 404", err)
		}
		response, err := call(func(context.Context, any) (any, error) { return failer{}, nil })(t.Context(), nil)
		if err != nil || response != (failer{}) {
			t.Errorf("a Failer came back as %v, %v", response, err)
		}
		if f, ok := response.(endpoint.Failer); !ok || f.Failed() == nil {
			t.Error("the business error is lost")
		}
	})
}

func TestOneAttemptKeepsItsError(t *testing.T) {
	for _, err := range []error{statusError(503), io.EOF, statusError(429)} {
		_, got := retry.New(retry.Config{})((&script{errs: []error{err}}).endpoint)(t.Context(), nil)
		if got != err {
			t.Errorf("%v (%[1]T), want the bare %v", got, err)
		}
	}
}

// TestR1_AttemptsAndErrorsAreBounded: go-kit makes 290,000 attempts in half a
// second and keeps every error.
func TestR1_AttemptsAndErrorsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		s := script{errs: []error{fmt.Errorf("no endpoints: %w %s", notSent{}, strings.Repeat("é", 5000))}}
		_, err := retry.New(retry.Config{Attempts: 1 << 30})(s.endpoint)(ctx, nil)
		if s.calls < 3 || s.calls > 200 {
			t.Errorf("%d attempts in 500 ms", s.calls)
		}
		e, ok := errors.AsType[*retry.Error](err)
		if !ok || len(e.Errs) > 8 || e.Attempts != s.calls {
			t.Fatalf("error %T keeps too much or counts wrong", err)
		}
		if n := len(err.Error()); n > 8*300 {
			t.Errorf("the error's text has %d bytes", n)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, notSent{}) {
			t.Errorf("%.80s… does not match both the deadline and its causes", err)
		}
	})
}

// TestR3_PanicArrivesAtTheCaller: go-kit's kills the process.
func TestR3_PanicArrivesAtTheCaller(t *testing.T) {
	var att context.Context
	defer func() {
		if got := recover(); got != "boom" {
			t.Errorf("recovered %v", got)
		}
		if att.Err() == nil {
			t.Error("the panic left the attempt's timer behind")
		}
	}()
	call := retry.New(retry.Config{Idempotent: true})(func(ctx context.Context, _ any) (any, error) {
		att = ctx
		ctx.Done()
		panic("boom")
	})
	_, _ = call(t.Context(), nil)
}

// TestR6_NoAttemptForACallerWhoLeft: go-kit calls 1000 of 1000 times.
func TestR6_NoAttemptForACallerWhoLeft(t *testing.T) {
	s := script{errs: []error{nil}}
	call := retry.New(retry.Config{})(s.endpoint)
	reason := errors.New("user closed the window")

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := call(ctx, nil); !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
		t.Errorf("cancelled: %v", err)
	}
	expired, stop := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer stop()
	if _, err := call(expired, nil); err != context.DeadlineExceeded {
		t.Errorf("expired: %v", err)
	}
	if s.calls != 0 {
		t.Errorf("%d attempts for callers who had left", s.calls)
	}
}

// TestR7_AttemptsKnowWhereTheOthersWent: the balancer's half is tested in lb.
func TestR7_AttemptsKnowWhereTheOthersWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := []string{"a", "b", "c"}
		var went []string
		call := retry.New(retry.Config{Idempotent: true})(func(ctx context.Context, _ any) (any, error) {
			tried := attempt.From(ctx)
			for _, id := range nodes {
				if !tried.Tried(id) {
					tried.Add(id)
					went = append(went, fmt.Sprint(attempt.Number(ctx), id))
					return nil, io.EOF
				}
			}
			return nil, errors.New("none left")
		})
		_, _ = call(t.Context(), nil)
		if diff := cmp.Diff([]string{"1a", "2b", "3c"}, went); diff != "" {
			t.Errorf("attempts went (-want +got):\n%s", diff)
		}
	})
}

// TestR10_SlowInstanceDoesNotEatTheCall: one that hangs costs AttemptTimeout.
func TestR10_SlowInstanceDoesNotEatTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		call := retry.New(retry.Config{Idempotent: true, AttemptTimeout: time.Second})(
			func(ctx context.Context, _ any) (any, error) {
				if attempt.Number(ctx) == 1 {
					<-ctx.Done()
					return nil, context.Cause(ctx)
				}
				return "ok", nil
			})
		if response, err := call(ctx, nil); response != "ok" {
			t.Errorf("%v, %v", response, err)
		}
		if d := time.Since(start); d > time.Second+10*time.Millisecond {
			t.Errorf("took %v", d)
		}
	})
}

func TestNestedRetryIsACallOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		innermost := 0
		policy := retry.New(retry.Config{Idempotent: true})
		inner := policy(func(ctx context.Context, _ any) (any, error) {
			if attempt.From(ctx).Tried("a") {
				t.Error("the inner call inherited the outer one's instances")
			}
			if innermost++; attempt.Number(ctx) != innermost {
				t.Errorf("attempt %d says it is number %d", innermost, attempt.Number(ctx))
			}
			return nil, statusError(503)
		})
		outer := policy(func(ctx context.Context, request any) (any, error) {
			attempt.From(ctx).Add("a")
			return inner(ctx, request)
		})
		_, err := outer(t.Context(), nil)
		if innermost != 3 {
			t.Errorf("%d attempts, want the inner retry's 3 and not 9", innermost)
		}
		if e, ok := err.(*retry.Error); !ok || e.Attempts != 3 {
			t.Errorf("%v (%[1]T), want the inner retry's error", err)
		}
	})
}

func TestOnRetrySeesEveryRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		call := retry.New(retry.Config{
			Idempotent: true,
			OnRetry: func(ctx context.Context, n int, err error) {
				if ctx != t.Context() {
					t.Error("OnRetry got another context than the caller's")
				}
				seen = append(seen, fmt.Sprint(n, " after ", err))
			},
		})((&script{errs: []error{io.EOF, notSent{}, nil}}).endpoint)
		_, _ = call(t.Context(), nil)
		if diff := cmp.Diff([]string{"2 after EOF", "3 after rejected"}, seen); diff != "" {
			t.Errorf("OnRetry (-want +got):\n%s", diff)
		}
	})
}

func TestClassifyMayFailAResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		call := retry.New(retry.Config{Idempotent: true, Classify: func(_ context.Context, response any, _ error) classify.Outcome {
			if response == "stale" {
				return classify.Failure
			}
			return classify.Success
		}})(func(context.Context, any) (any, error) { calls++; return "stale", nil })
		response, err := call(t.Context(), nil)
		if calls != 3 || response != "stale" || err != nil {
			t.Errorf("%d calls, %v, %v; want 3 and the last response without an error", calls, response, err)
		}
	})
}
