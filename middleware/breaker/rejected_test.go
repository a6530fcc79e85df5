package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/classify"
)

// rejection is the error of a policy further in, with the status it has.
type rejection struct{ statusError }

func (rejection) Rejected() bool { return true }
func (rejection) NotSent() bool  { return true }

// TestRejectionsCountForNothing: they neither open a circuit nor close it.
func TestRejectionsCountForNothing(t *testing.T) {
	for name, err := range map[string]error{
		"limit":           rejection{429},
		"overload":        rejection{503},
		"no permission":   rejection{401}, // which from a server would be a success
		"wrapped":         fmt.Errorf("sum: %w", rejection{503}),
		"another circuit": &breaker.OpenError{Instance: "b:1"},
		"of all attempts": attempts{errors.New("2 attempts"), []error{rejection{503}, rejection{503}}, false},
		"without NotSent": bareRejection{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, breaker.Config{Classify: func(ctx context.Context, response any, err error) classify.Outcome {
					if err != nil && !errors.Is(err, errDown) {
						return classify.Failure // though Classify says so
					}
					return classify.Default(ctx, response, err)
				}})
				r.run(4, errDown)
				r.run(100, err)
				r.wantReady(true, "after 100 rejections")
				r.run(1, errDown)
				r.wantReady(false, "after the fifth failure in a row")
				r.openTime()
				r.run(1, err)
				if s := r.status(); s.State != breaker.HalfOpen || !s.Until.IsZero() {
					t.Errorf("after a probe that was rejected: %+v", s)
				}
				r.run(1, nil)
				if s := r.status(); s.State != breaker.Closed {
					t.Errorf("after a probe that was answered: %+v", s)
				}
			})
		})
	}
}

type bareRejection struct{}

func (bareRejection) Error() string  { return "rejected" }
func (bareRejection) Rejected() bool { return true }

// TestServiceCircuit stands around retry: a call whose second attempt was
// rejected has failed, since the first did.
func TestServiceCircuit(t *testing.T) {
	mixed := attempts{errors.New("2 attempts"), []error{rejection{503}, statusError(503)}, true}
	call := breaker.New(breaker.Config{Name: "addsvc"})(func(context.Context, any) (any, error) { return nil, mixed })
	for range 5 {
		_, _ = call(t.Context(), nil)
	}
	_, err := call(t.Context(), nil)
	if open, ok := errors.AsType[*breaker.OpenError](err); !ok || open.Instance != "addsvc" {
		t.Errorf("after 5 calls that failed: %v", err)
	}
}

// attempts is the error of a call with several, the last one first: it has the
// shape of retry's.
type attempts struct {
	error
	errs []error
	sent bool // one of them
}

func (a attempts) Unwrap() []error { return a.errs }
func (a attempts) NotSent() bool   { return !a.sent }

// TestBusyInstance: that it answers "too many" does not open a circuit, and is
// no proof that what broke is mended. The next call probes at once.
func TestBusyInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.run(100, statusError(429))
		r.wantReady(true, "after 100 times 429")
		r.run(5, errDown)
		r.openTime()
		for range 10 {
			end := r.begin()
			r.wantReady(false, "during a probe")
			end(statusError(429))
			r.wantReady(true, "after a probe that was told to come later")
		}
		if s := r.status(); s.State != breaker.HalfOpen || s.Opens != 1 {
			t.Errorf("after 10 times 429: %+v", s)
		}
		r.run(1, errDown)
		r.wantReady(false, "after a probe that failed")
		r.openTime()
		r.run(1, nil)
		if s := r.status(); s.State != breaker.Closed {
			t.Errorf("after a probe that succeeded: %+v", s)
		}
	})
}
