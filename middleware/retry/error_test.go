package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
)

var sameError = cmp.Comparer(func(a, b error) bool { return a == b })

// failing returns the error of a call whose attempts end with errs.
func failing(t *testing.T, errs ...error) error {
	t.Helper()
	var err error
	synctest.Test(t, func(t *testing.T) {
		cfg := retry.Config{Idempotent: true, Attempts: len(errs)}
		_, err = retry.New(cfg)((&script{errs: errs}).endpoint)(t.Context(), nil)
	})
	return err
}

// TestR5_ErrorsAreFound: go-kit's RetryError unwraps to nothing.
func TestR5_ErrorsAreFound(t *testing.T) {
	err := fmt.Errorf("sum: %w", failing(t, io.EOF, statusError(502), statusError(503)))
	for _, want := range []error{io.EOF, statusError(502), statusError(503)} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not found in %v", want, err)
		}
	}
	if s, ok := errors.AsType[statusError](err); !ok || s != 503 {
		t.Errorf("status is %d, want the last attempt's 503", s)
	}

	err = failing(t, io.EOF, status.Error(codes.Unavailable, "draining"))
	if code := status.Code(err); code != codes.Unavailable {
		t.Errorf("gRPC code is %v, want the last attempt's", code)
	}
}

func TestErrorIsGoKitsRetryError(t *testing.T) {
	err := fmt.Errorf("sum: %w", failing(t, io.EOF, statusError(503)))
	kit, ok := errors.AsType[kitlb.RetryError](err)
	if !ok {
		t.Fatalf("%v is no lb.RetryError", err)
	}
	if diff := cmp.Diff([]error{io.EOF, statusError(503)}, kit.RawErrors, sameError); diff != "" {
		t.Errorf("RawErrors (-want +got):\n%s", diff)
	}
	if kit.Final != statusError(503) {
		t.Errorf("Final = %v, want the last attempt's", kit.Final)
	}
	if kit, ok := errors.AsType[kitlb.RetryError](error(&retry.Error{Ended: context.Canceled})); !ok || kit.Final != context.Canceled {
		t.Errorf("Final of an error without attempts is %v", kit.Final)
	}
}

func TestErrorKeepsTheFirstAndTheLast(t *testing.T) {
	var errs []error
	for i := range 20 {
		errs = append(errs, fmt.Errorf("%w %d", io.EOF, i+1))
	}
	err := failing(t, errs...)
	e, ok := err.(*retry.Error)
	if !ok {
		t.Fatalf("%T", err)
	}
	want := append(errs[:1:1], errs[13:]...)
	if diff := cmp.Diff(want, e.Errs, sameError); diff != "" {
		t.Errorf("Errs (-want +got):\n%s", diff)
	}
	if e.Attempts != 20 {
		t.Errorf("Attempts = %d", e.Attempts)
	}
}

func TestErrorSaysWhetherAnythingWasSent(t *testing.T) {
	for _, tt := range []struct {
		errs []error
		want bool
	}{
		{[]error{notSent{}, notSent{}}, true},
		{[]error{notSent{}, io.EOF}, false},
		{[]error{io.EOF, notSent{}}, false},
	} {
		e, ok := errors.AsType[interface {
			error
			NotSent() bool
		}](failing(t, tt.errs...))
		if !ok || e.NotSent() != tt.want {
			t.Errorf("%v: NotSent is not %v", tt.errs, tt.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  retry.Error
		want string
	}{
		{retry.Error{Attempts: 3, Errs: []error{errors.New("a"), errors.New("b"), errors.New("c")}},
			"gave up after 3 attempts: c (before: b; a)"},
		{retry.Error{Attempts: 2, Errs: []error{errors.New("a"), errors.New("b")}, Ended: context.Canceled},
			"gave up after 2 attempts, context canceled: b (before: a)"},
		{retry.Error{Attempts: 1, Errs: []error{errors.New("a")}, Ended: context.DeadlineExceeded},
			"gave up after 1 attempt, context deadline exceeded: a"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestErrorTextIsCutBetweenCharacters(t *testing.T) {
	for shift := range 4 {
		long := strings.Repeat("x", shift) + strings.Repeat("語", 1000)
		got := (&retry.Error{Attempts: 1, Errs: []error{errors.New(long)}}).Error()
		if len(got) > 300 || !utf8.ValidString(got) || !strings.HasSuffix(got, "語…") {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
}

func TestRejectedByPoliciesAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		errs []error
		want bool
	}{
		"all":       {[]error{turnedDown{}}, true},
		"the first": {[]error{turnedDown{}, notSent{}}, false},
		"none":      {[]error{notSent{}}, false},
	} {
		s := &script{errs: tt.errs}
		_, err := retry.New(retry.Config{})(s.endpoint)(t.Context(), nil)
		if got := classify.Rejected(err); got != tt.want {
			t.Errorf("%s: Rejected is %t: %v", name, got, err)
		}
	}
}
