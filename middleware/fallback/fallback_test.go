package fallback_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/fallback"
)

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

type notSent struct{}

func (notSent) Error() string { return "rejected" }
func (notSent) NotSent() bool { return true }

type failer struct{}

func (failer) Failed() error { return errors.New("insufficient funds") }

func answers(response any, err error) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { return response, err }
}

// second is a fallback that answers "second".
func second(context.Context, any, error) (any, error) { return "second", nil }

func TestWhoAnswers(t *testing.T) {
	const alive, cancelled, expired = 0, 1, 2
	for _, tt := range []struct {
		name   string
		caller int
		err    error
		falls  bool
	}{
		{"success", alive, nil, false},
		{"failure", alive, statusError(503), true},
		{"fault", alive, statusError(500), true},
		{"throttled", alive, statusError(429), true},
		{"not sent", alive, notSent{}, true},
		{"refused", alive, syscall.ECONNREFUSED, true},
		{"EOF", alive, io.EOF, true},
		{"deadline of an inner layer", alive, context.DeadlineExceeded, true},
		{"cancelled by somebody else", alive, context.Canceled, true},
		{"business error", alive, statusError(404), false},
		{"wrapped business error", alive, fmt.Errorf("get: %w", statusError(403)), false},
		{"deadline of the call", expired, context.DeadlineExceeded, true},
		{"deadline of the call, as gRPC says it", expired, statusError(504), true},
		{"business error at the deadline", expired, statusError(404), false},
		{"success at the deadline", expired, nil, false},
		{"caller has gone", cancelled, context.Canceled, false},
		{"caller has gone, transport says otherwise", cancelled, io.EOF, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			switch tt.caller {
			case cancelled:
				cancel()
			case expired:
				ctx, cancel = context.WithDeadline(ctx, time.Unix(1, 0))
				defer cancel()
			}
			call := fallback.New(fallback.Config{Fallback: func(got context.Context, request any, err error) (any, error) {
				if got != ctx || request != "request" || err != tt.err {
					t.Errorf("the fallback got %v, %v, %v", got, request, err)
				}
				return "second", nil
			}})(answers("first", tt.err))
			response, err := call(ctx, "request")
			want, wantErr := "first", tt.err
			if tt.falls {
				want, wantErr = "second", nil
			}
			if response != want || err != wantErr {
				t.Errorf("got %v, %v; want %v, %v", response, err, want, wantErr)
			}
		})
	}
}

func TestBusinessFailureIsAnAnswer(t *testing.T) {
	response, err := fallback.New(fallback.Config{Fallback: second})(answers(failer{}, nil))(t.Context(), nil)
	if response != (failer{}) || err != nil {
		t.Errorf("got %v, %v", response, err)
	}
}

func TestClassifyDecides(t *testing.T) {
	cfg := fallback.Config{Fallback: second, Classify: func(ctx context.Context, response any, err error) classify.Outcome {
		if errors.Is(err, statusError(404)) { // here, a key that is missing is a fault of the store
			return classify.Failure
		}
		return classify.Default(ctx, response, err)
	}}
	if response, err := fallback.New(cfg)(answers(nil, statusError(404)))(t.Context(), nil); response != "second" {
		t.Errorf("got %v, %v", response, err)
	}
	if _, err := fallback.New(cfg)(answers(nil, statusError(403)))(t.Context(), nil); err != statusError(403) {
		t.Errorf("got %v", err)
	}
}

func TestWhenDecides(t *testing.T) {
	empty := func(_ context.Context, response any, _ error) bool { return response == "" }
	var told error
	decline := false
	call := fallback.New(fallback.Config{When: empty, Fallback: func(_ context.Context, _ any, err error) (any, error) {
		if told = err; decline {
			return nil, err
		}
		return "second", nil
	}})
	if response, err := call(answers("", nil))(t.Context(), nil); response != "second" || err != nil || told == nil {
		t.Errorf("got %v, %v; the fallback was told %v", response, err, told)
	}
	if _, err := call(answers("first", io.EOF))(t.Context(), nil); err != io.EOF {
		t.Errorf("got %v though When said no", err)
	}
	decline = true
	if response, err := call(answers("", nil))(t.Context(), nil); response != "" || err != nil {
		t.Errorf("got %v, %v; want the response that there is", response, err)
	}
}

// TestBothFailed: the error is the call's, and tells of the fallback's.
func TestBothFailed(t *testing.T) {
	errDisk := errors.New("disk full")
	call := func(first, second error) error {
		_, err := fallback.New(fallback.Config{Fallback: func(context.Context, any, error) (any, error) {
			return nil, second
		}})(answers(nil, first))(t.Context(), nil)
		return err
	}

	err := call(statusError(503), errDisk)
	both, ok := errors.AsType[*fallback.Error](err)
	if !ok || both.Err != statusError(503) || both.Fallback != errDisk {
		t.Fatalf("%v (%[1]T)", err)
	}
	if !errors.Is(err, statusError(503)) || errors.Is(err, errDisk) {
		t.Errorf("%v does not match the call's error alone", err)
	}
	if text := err.Error(); !strings.Contains(text, "Service Unavailable") || !strings.Contains(text, "disk full") {
		t.Errorf("text %q", text)
	}

	for name, second := range map[string]error{
		"business error": statusError(404), "too many": statusError(429), "not sent": notSent{},
	} {
		for first, want := range map[error]classify.Outcome{
			io.EOF: classify.Failure, statusError(500): classify.Fault, notSent{}: classify.NotSent,
		} {
			if got := classify.Default(t.Context(), nil, call(first, second)); got != want {
				t.Errorf("%v, then %s by the fallback: classified as %v, want %v", first, name, got, want)
			}
		}
	}

	if err := call(io.EOF, io.EOF); err != io.EOF {
		t.Errorf("declined, but got %v (%[1]T)", err)
	}
	wrapped := fmt.Errorf("no copy either: %w", io.EOF)
	if err := call(io.EOF, wrapped); err != wrapped {
		t.Errorf("the fallback's error tells of both, but got %v (%[1]T)", err)
	}
}

// TestReserve: the call ends early enough for a fallback that takes 300 ms.
func TestReserve(t *testing.T) {
	hang := func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, ctx.Err() }
	slow := func(ctx context.Context, _ any, _ error) (any, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(300 * time.Millisecond):
			return "second", nil
		}
	}
	for _, tt := range []struct {
		name              string
		deadline, reserve time.Duration // none if 0
		want              any           // nil: none
		took              time.Duration
	}{
		{"no reserve", time.Second, 0, nil, time.Second},
		{"enough", time.Second, 400 * time.Millisecond, "second", 900 * time.Millisecond},
		{"too little", time.Second, 100 * time.Millisecond, nil, time.Second},
		{"half at most", time.Second, time.Hour, "second", 800 * time.Millisecond},
		{"expired", -time.Second, time.Second, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				start := time.Now()
				response, err := fallback.New(fallback.Config{Fallback: slow, Reserve: tt.reserve})(hang)(ctx, nil)
				if took := time.Since(start); response != tt.want || took != tt.took {
					t.Errorf("got %v, %v after %v; want %v after %v", response, err, took, tt.want, tt.took)
				}
				if tt.want == nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v is no deadline", err)
				}
			})
		})
	}
}

func TestReserveIsTheCauseOfTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var inner context.Context
		_, _ = fallback.New(fallback.Config{Fallback: second, Reserve: time.Millisecond})(func(ctx context.Context, _ any) (any, error) {
			inner = ctx
			<-ctx.Done()
			return nil, ctx.Err()
		})(ctx, nil)
		cause := context.Cause(inner)
		if !errors.Is(cause, context.DeadlineExceeded) || !strings.Contains(cause.Error(), "fallback") || ctx.Err() != nil {
			t.Errorf("the call ended by %v, the caller by %v", cause, ctx.Err())
		}
	})
}

func TestReserveWithoutADeadlineIsNothing(t *testing.T) {
	ctx := t.Context()
	_, _ = fallback.New(fallback.Config{Fallback: second, Reserve: time.Second})(func(got context.Context, _ any) (any, error) {
		if got != ctx {
			t.Error("the call got another context than the caller's")
		}
		return nil, nil
	})(ctx, nil)
}

func TestPanicsAndGoexitPass(t *testing.T) {
	boom := func(context.Context, any) (any, error) { panic("boom") }
	for name, call := range map[string]endpoint.Endpoint{
		"of the call": fallback.New(fallback.Config{Fallback: second})(boom),
		"of the fallback": fallback.New(fallback.Config{Fallback: func(ctx context.Context, request any, _ error) (any, error) {
			return boom(ctx, request)
		}})(answers(nil, io.EOF)),
	} {
		func() {
			defer func() {
				if v := recover(); v != "boom" {
					t.Errorf("%s: recovered %v", name, v)
				}
			}()
			_, _ = call(t.Context(), nil)
		}()
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	var inner context.Context
	returned := false
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = fallback.New(fallback.Config{Fallback: second, Reserve: time.Second})(func(ctx context.Context, _ any) (any, error) {
			inner = ctx
			runtime.Goexit()
			return nil, nil
		})(ctx, nil)
		returned = true
	})
	wg.Wait()
	if returned || inner.Err() == nil {
		t.Errorf("after Goexit: returned %v, context of the call %v", returned, inner.Err())
	}
}

func TestSuccessAllocates(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for reserve, want := range map[time.Duration]float64{0: 0, time.Second: 1} {
		call := fallback.New(fallback.Config{Fallback: second, Reserve: reserve})(endpoint.Nop)
		if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n > want {
			t.Errorf("reserve %v: %v allocations, want %v", reserve, n, want)
		}
	}
}

func BenchmarkSuccess(b *testing.B) {
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	for _, reserve := range []time.Duration{0, time.Second} {
		b.Run(fmt.Sprint("reserve=", reserve), func(b *testing.B) {
			call := fallback.New(fallback.Config{Fallback: second, Reserve: reserve})(endpoint.Nop)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
	}
}

// download is a response that outlives its call.
type download struct {
	ctx context.Context
	end func(error)
}

func (d *download) OnEnd(f func(error)) { d.end = f }

// TestAResponseThatIsReadLaterKeepsItsContext though the fallback has a reserve.
func TestAResponseThatIsReadLaterKeepsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		response, err := fallback.New(fallback.Config{Fallback: second, Reserve: time.Second})(func(ctx context.Context, _ any) (any, error) {
			body, cancel := context.WithCancel(ctx) // as a transport derives its own
			_ = cancel
			return &download{ctx: body}, nil
		})(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := response.(*download)
		time.Sleep(8 * time.Second)
		if d.ctx.Err() != nil {
			t.Fatalf("within its time, its context is %v", d.ctx.Err())
		}
		d.end(nil)
		if d.ctx.Err() == nil {
			t.Error("it ended, and its context did not")
		}
	})
}

// TestTheFallbacksErrorIsNotTheCalls: what a call means does not depend on how
// the fallback, which may have gone elsewhere, ended.
func TestTheFallbacksErrorIsNotTheCalls(t *testing.T) {
	for _, second := range []error{lb.ErrNoEndpoints, context.Canceled, syscall.ECONNREFUSED} {
		call := fallback.New(fallback.Config{Fallback: func(context.Context, any, error) (any, error) { return nil, second }})
		_, err := call(answers(nil, io.EOF))(t.Context(), nil)
		if got := classify.Default(t.Context(), nil, err); got != classify.Failure {
			t.Errorf("%v: classified as %v", err, got)
		}
	}
}
