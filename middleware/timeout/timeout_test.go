package timeout_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/timeout"
)

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

// hang waits for its context, and says so in its own words.
func hang(ctx context.Context, _ any) (any, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("post: %w", ctx.Err())
}

// TestWhoseTimeoutItIs: the call takes the lesser of the two, and names whose.
func TestWhoseTimeoutItIs(t *testing.T) {
	for _, tt := range []struct {
		name           string
		policy, caller time.Duration // none if 0; the policy's default 10 s
		took           time.Duration
		ours           bool
	}{
		{"default", 0, 0, 10 * time.Second, true},
		{"policy's alone", time.Second, 0, time.Second, true},
		{"policy's is sooner", time.Second, time.Minute, time.Second, true},
		{"caller's is sooner", time.Second, time.Millisecond, time.Millisecond, false},
		{"the same", time.Second, time.Second, time.Second, false},
		{"caller's alone", -1, time.Second, time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.caller > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.caller)
					defer cancel()
				}
				start := time.Now()
				var cause error
				_, err := timeout.New(timeout.Config{Timeout: tt.policy})(func(ctx context.Context, request any) (any, error) {
					if deadline, ok := ctx.Deadline(); !ok || deadline.Sub(start) != tt.took {
						t.Errorf("deadline is %v from the start, want %v", deadline.Sub(start), tt.took)
					}
					defer func() { cause = context.Cause(ctx) }()
					return hang(ctx, request)
				})(ctx, nil)
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "post: ") {
					t.Errorf("%v does not tell of the deadline and what the call said", err)
				}
				for what, err := range map[string]error{"error": err, "cause": cause} {
					e, ok := errors.AsType[*timeout.Error](err)
					if ok != tt.ours || ok && (e.After != tt.took || !strings.Contains(err.Error(), tt.took.String())) {
						t.Errorf("%s is %v (%[2]T)", what, err)
					}
				}
			})
		})
	}
}

// TestErrorHasItsShapes: what others ask of it, they are told.
func TestErrorHasItsShapes(t *testing.T) {
	for _, err := range []error{
		&timeout.Error{After: time.Second},
		&timeout.Error{After: time.Second, Err: errors.New("call cancelled")},
		fmt.Errorf("sum: %w", &timeout.Error{After: time.Second, Err: statusError(503)}),
	} {
		if n, ok := errors.AsType[net.Error](err); !ok || !n.Timeout() {
			t.Errorf("%v is no net.Error that timed out", err)
		}
		if s, ok := errors.AsType[interface {
			error
			StatusCode() int
		}](err); !ok || s.StatusCode() != http.StatusGatewayTimeout {
			t.Errorf("%v is not a 504", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, timeout.ErrTooLate) {
			t.Errorf("%v matches the wrong errors", err)
		}
		if got := classify.Default(t.Context(), nil, err); got != classify.Failure {
			t.Errorf("%v is classified as %v", err, got)
		}
	}
}

// TestLateAnswersAreAnswers: what the endpoint says after the timeout.
func TestLateAnswersAreAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		response any
		err      error
		timedOut bool
	}{
		"response":       {"ok", nil, false},
		"business error": {nil, statusError(404), false},
		"failure":        {nil, statusError(503), true},
		"EOF":            {nil, io.EOF, true},
		"cancelled":      {nil, context.Canceled, true}, // by the transport, as the context ended
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				response, err := timeout.New(timeout.Config{Timeout: time.Second})(func(context.Context, any) (any, error) {
					time.Sleep(2 * time.Second) // heeds no context
					return tt.response, tt.err
				})(t.Context(), nil)
				e, ok := errors.AsType[*timeout.Error](err)
				if ok != tt.timedOut || !ok && err != tt.err || ok && e.Err != tt.err || response != tt.response {
					t.Errorf("got %v, %v", response, err)
				}
			})
		})
	}
}

func TestErrorsInTimeAreTheirOwn(t *testing.T) {
	for _, want := range []error{statusError(503), context.DeadlineExceeded, io.EOF} {
		_, err := timeout.New(timeout.Config{})(func(context.Context, any) (any, error) { return nil, want })(t.Context(), nil)
		if err != want {
			t.Errorf("got %v, want the bare %v", err, want)
		}
	}
}

func TestCallersCancelIsTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := timeout.New(timeout.Config{})(hang)(ctx, nil)
		if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNestedNamesTheOneThatEndedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := timeout.New(timeout.Config{Timeout: time.Second})
		outer := timeout.New(timeout.Config{Timeout: time.Minute})
		_, err := outer(inner(hang))(t.Context(), nil)
		if e, ok := err.(*timeout.Error); !ok || e.After != time.Second {
			t.Errorf("got %v, want the inner timeout, once", err)
		}
	})
}

func TestTooLate(t *testing.T) {
	for _, tt := range []struct {
		name        string
		left, least time.Duration
		starts      bool
	}{
		{"expired", -time.Second, 0, false},
		{"at the deadline", 0, 0, false},
		{"little time, none asked for", 1, 0, true},
		{"less than the least", time.Second, 2 * time.Second, false},
		{"the least", 2 * time.Second, 2 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.left)
				defer cancel()
				started := false
				_, err := timeout.New(timeout.Config{Least: tt.least})(func(context.Context, any) (any, error) {
					started = true
					return nil, nil
				})(ctx, nil)
				if started != tt.starts || (err == nil) != tt.starts {
					t.Fatalf("started: %v, %v", started, err)
				}
				if !tt.starts {
					checkRejection(t, fmt.Errorf("sum: %w", err), tt.left, tt.least)
				}
			})
		})
	}
}

func checkRejection(t *testing.T, err error, left, need time.Duration) {
	t.Helper()
	e, ok := errors.AsType[*timeout.TooLateError](err)
	if !ok || e.Left != left || e.Need != need {
		t.Fatalf("%v does not say that %v is left and %v needed", err, left, need)
	}
	if !errors.Is(err, timeout.ErrTooLate) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Errorf("%v matches the wrong errors", err)
	}
	if got := classify.Default(t.Context(), nil, err); got != classify.NotSent {
		t.Errorf("classified as %v", got)
	}
	if !e.Rejected() || e.StatusCode() != http.StatusGatewayTimeout || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("%v: rejected %v, status %d", err, e.Rejected(), e.StatusCode())
	}
}

func TestPanicsAndGoexitPassAndEndTheContext(t *testing.T) {
	var inner context.Context
	call := timeout.New(timeout.Config{})(func(ctx context.Context, request any) (any, error) {
		inner = ctx
		ctx.Done()
		request.(func())()
		return nil, nil
	})
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = call(t.Context(), func() { panic("boom") })
	}()
	if inner.Err() == nil {
		t.Error("the panic left a timer behind")
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = call(t.Context(), runtime.Goexit) })
	wg.Wait()
	if inner.Err() == nil {
		t.Error("Goexit left a timer behind")
	}
}

func TestAllocations(t *testing.T) {
	near, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for _, tt := range []struct {
		name string
		cfg  timeout.Config
		ctx  context.Context
		want float64
	}{
		{"no deadline", timeout.Config{}, t.Context(), 1},
		{"far deadline", timeout.Config{}, near, 1},
		{"near deadline", timeout.Config{Timeout: 2 * time.Hour}, near, 0},
		{"measured", timeout.Config{Timeout: 2 * time.Hour, Measured: true}, near, 0},
		{"rejection", timeout.Config{Timeout: 4 * time.Hour, Least: 2 * time.Hour}, near, 1},
	} {
		call := timeout.New(tt.cfg)(endpoint.Nop)
		if n := testing.AllocsPerRun(1000, func() { _, _ = call(tt.ctx, nil) }); n > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, n, tt.want)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	near, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	for _, bm := range []struct {
		name string
		cfg  timeout.Config
		ctx  context.Context
	}{
		{"no deadline", timeout.Config{}, b.Context()},
		{"far deadline", timeout.Config{}, near},
		{"near deadline", timeout.Config{Timeout: 2 * time.Hour}, near},
		{"near deadline,measured", timeout.Config{Timeout: 2 * time.Hour, Measured: true}, near},
		{"far deadline,measured", timeout.Config{Measured: true}, near},
		{"rejection", timeout.Config{Timeout: 4 * time.Hour, Least: 2 * time.Hour}, near},
	} {
		b.Run(bm.name, func(b *testing.B) {
			call := timeout.New(bm.cfg)(endpoint.Nop)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = call(bm.ctx, nil)
			}
		})
	}
	b.Run("context.WithTimeout", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, cancel := context.WithTimeout(near, time.Second)
			_, _ = endpoint.Nop(ctx, nil)
			cancel()
		}
	})
}

// download is a response that outlives its call.
type download struct {
	ctx context.Context
	end func(error)
}

func (d *download) OnEnd(f func(error)) { d.end = f }

// TestAResponseThatIsReadLaterKeepsItsContext: until it ends, or its time is up.
func TestAResponseThatIsReadLaterKeepsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := func(ctx context.Context, _ any) (any, error) {
			body, cancel := context.WithCancel(ctx) // as a transport derives its own
			_ = cancel
			return &download{ctx: body}, nil
		}
		call := timeout.New(timeout.Config{})(open)
		response, err := call(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		d := response.(*download)
		time.Sleep(9 * time.Second)
		if d.ctx.Err() != nil {
			t.Fatalf("within its time, its context is %v", d.ctx.Err())
		}
		d.end(nil)
		if d.ctx.Err() == nil {
			t.Error("it ended, and its context did not")
		}

		response, _ = call(t.Context(), nil)
		d = response.(*download)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !errors.Is(d.ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("its time is up, and its context is %v", d.ctx.Err())
		}
	})
}
