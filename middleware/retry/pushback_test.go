package retry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
)

// told is a server's error with what it says about another attempt.
type told struct {
	statusError
	after time.Duration
}

func (e told) RetryAfter() (time.Duration, bool) { return e.after, true }

// turnedDown is the error of a policy of this process.
type turnedDown struct {
	notSent
	after time.Duration
}

func (e turnedDown) RetryAfter() (time.Duration, bool) { return e.after, true }
func (turnedDown) Rejected() bool                      { return true }

func TestPushback(t *testing.T) {
	const none = -1
	for _, tt := range []struct {
		name        string
		err         error
		write, read int           // attempts when not idempotent, and when idempotent
		wait        time.Duration // before the second attempt of the latter, at least
	}{
		{"429 without a word", statusError(429), 1, 1, none},
		{"429 with a time", told{429, time.Second}, 3, 3, time.Second},
		{"429, now", told{429, 0}, 3, 3, 0},
		{"429, never", told{429, -1}, 1, 1, none},
		{"503 with a time", told{503, time.Second}, 1, 3, time.Second},
		{"503, never", told{503, -1}, 1, 1, none},
		{"503, wrapped", fmt.Errorf("sum: %w", told{503, 2 * time.Second}), 1, 3, 2 * time.Second},
		{"503, tomorrow", told{503, 24 * time.Hour}, 1, 1, none},
		{"404 with a time", told{404, time.Second}, 1, 1, none},
		{"500 with a time", told{500, time.Second}, 1, 1, none},
		{"turned down here, for long", turnedDown{after: time.Hour}, 3, 3, 0},
		{"turned down here for ever", turnedDown{after: -1}, 1, 1, none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for idempotent, want := range map[bool]int{false: tt.write, true: tt.read} {
					s := &script{errs: []error{tt.err}}
					start, waited := time.Now(), time.Duration(none)
					call := retry.New(retry.Config{Idempotent: idempotent, OnRetry: func(_ context.Context, n int, _ error) {
						if n == 2 {
							waited = time.Since(start)
						}
					}})(s.endpoint)
					_, err := call(t.Context(), nil)
					if s.calls != want || !errors.Is(err, tt.err) {
						t.Errorf("idempotent %t: %d attempts, want %d: %v", idempotent, s.calls, want, err)
					}
					if idempotent && (waited < tt.wait || tt.wait >= 0 && waited > tt.wait+tt.wait/10+20*time.Millisecond) {
						t.Errorf("the second attempt came after %v, want %v", waited, tt.wait)
					}
				}
			})
		})
	}
}

func TestTooLongAPushbackSaysSo(t *testing.T) {
	s := &script{errs: []error{told{503, time.Minute}}}
	_, err := retry.New(retry.Config{Idempotent: true})(s.endpoint)(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "left alone for 1m0s, more than MaxPushback of 5s") {
		t.Error(err)
	}
}

func TestPushbackBeyondTheDeadlineIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := &script{errs: []error{told{503, 2 * time.Second}}}
		start := time.Now()
		_, err := retry.New(retry.Config{Idempotent: true})(s.endpoint)(ctx, nil)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, told{503, 2 * time.Second}) || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestFaultsAreRetriedOnDemand(t *testing.T) {
	for faults, want := range map[bool]int{false: 1, true: 3} {
		s := &script{errs: []error{statusError(500)}}
		_, _ = retry.New(retry.Config{Idempotent: true, Faults: faults})(s.endpoint)(t.Context(), nil)
		if s.calls != want {
			t.Errorf("Faults %t: %d attempts, want %d", faults, s.calls, want)
		}
	}
}

// TestNoMoreAttemptsThanThoseAboveWouldMake is what a service does that was told
// of the attempts above it.
func TestNoMoreAttemptsThanThoseAboveWouldMake(t *testing.T) {
	for _, tt := range []struct {
		above attempt.Chain
		want  int
	}{
		{attempt.Chain{Number: 1, Left: 2}, 3},
		{attempt.Chain{Number: 1, Left: 9}, 3},
		{attempt.Chain{Number: 2, Left: 1}, 2},
		{attempt.Chain{Number: 3, Left: 0}, 1},
	} {
		s := &script{errs: []error{statusError(503)}}
		_, err := retry.New(retry.Config{Idempotent: true})(s.endpoint)(attempt.WithIncoming(t.Context(), tt.above), nil)
		if s.calls != tt.want {
			t.Errorf("%v: %d attempts, want %d", tt.above, s.calls, tt.want)
		}
		if after, ok := classify.Pushback(err); !ok || after >= 0 {
			t.Errorf("%v: those above are not told to leave it: %v", tt.above, err)
		}
	}
}

// TestWhatTheNextServiceIsTold of the attempts above it.
func TestWhatTheNextServiceIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg   retry.Config
		above *attempt.Chain
		want  string
	}{
		"three":             {retry.Config{}, nil, "nothing; n=2, left=1; n=3, left=0; "},
		"two":               {retry.Config{Attempts: 2}, nil, "n=1, left=1; n=2, left=0; "},
		"under another":     {retry.Config{}, &attempt.Chain{Number: 2, Left: 1}, "n=1, left=1; n=2, left=0; "},
		"no retries":        {retry.Config{Attempts: 1}, nil, "nothing; "},
		"none, but above":   {retry.Config{Attempts: 1}, &attempt.Chain{Number: 2, Left: 1}, "n=2, left=1; "},
		"the budget is dry": {retry.Config{Budget: retry.NewBudget(retry.BudgetConfig{Ratio: -1, PerSecond: 0.1})}, nil, "nothing; n=2, left=1; n=1, left=0; "},
	} {
		var told strings.Builder
		tt.cfg.Idempotent = true
		call := retry.New(tt.cfg)(func(ctx context.Context, _ any) (any, error) {
			if c, ok := attempt.Outgoing(ctx); ok {
				told.WriteString(c.String() + "; ")
			} else {
				told.WriteString("nothing; ")
			}
			return nil, statusError(503)
		})
		ctx := t.Context()
		if tt.above != nil {
			ctx = attempt.WithIncoming(ctx, *tt.above)
		}
		_, _ = call(ctx, nil)
		if tt.cfg.Budget != nil {
			_, _ = call(ctx, nil)
		}
		if told.String() != tt.want {
			t.Errorf("%s: %q, want %q", name, told.String(), tt.want)
		}
	}
}
