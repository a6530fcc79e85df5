package recovery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/recovery"
)

const secret = "password=hunter2"

type logFunc func(keyvals ...any) error

func (f logFunc) Log(keyvals ...any) error { return f(keyvals...) }

type notSent struct{}

func (notSent) Error() string { return secret }
func (notSent) NotSent() bool { return true }

// badText panics as it is printed.
type badText struct{}

func (badText) String() string { panic("no text") }

func panics(v any) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { panic(v) }
}

func TestPanicBecomesAnError(t *testing.T) {
	for name, v := range map[string]any{
		"a string":                 secret,
		"an error":                 io.EOF,
		"a rejection":              notSent{},
		"a deadline":               context.DeadlineExceeded,
		"a cancel":                 context.Canceled,
		"a panic caught before":    &recovery.Panic{Value: secret},
		"a value without a text":   badText{},
		"a value without equality": []int{1},
		"nil":                      nil,
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			var told *recovery.Panic
			call := recovery.New(recovery.Config{
				Logger:  log.NewLogfmtLogger(&logged),
				OnPanic: func(_ context.Context, p *recovery.Panic) { told = p },
			})(panics(v))
			response, err := call(t.Context(), nil)

			p, ok := errors.AsType[*recovery.Panic](err)
			if !ok || p != told || response != nil {
				t.Fatalf("got %v, %v; OnPanic was told %v", response, err, told)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "goroutine") {
				t.Errorf("the caller is told %q", err)
			}
			if v != nil && fmt.Sprint(p.Value) != fmt.Sprint(v) {
				t.Errorf("Value = %v, want %v", p.Value, v)
			}
			if !bytes.Contains(p.Stack, []byte(".panics")) {
				t.Errorf("the stack does not show who panicked:\n%s", p.Stack)
			}
			if got := classify.Default(t.Context(), nil, err); got != classify.Fault {
				t.Errorf("classified as %v", got)
			}
			if n := strings.Count(logged.String(), "\n"); n != 1 || !strings.Contains(logged.String(), ".panics") {
				t.Errorf("logged %d lines:\n%s", n, logged.String())
			}
		})
	}
}

func TestOthersPassUntouched(t *testing.T) {
	mw := recovery.New(recovery.Config{Logger: logFunc(func(...any) error { t.Error("logged"); return nil })})
	for _, want := range []error{nil, io.EOF} {
		response, err := mw(func(context.Context, any) (any, error) { return "ok", want })(t.Context(), nil)
		if response != "ok" || err != want {
			t.Errorf("got %v, %v", response, err)
		}
	}
}

func TestAbortHandlerPasses(t *testing.T) {
	call := recovery.New(recovery.Config{Logger: logFunc(func(...any) error { t.Error("logged"); return nil })})(panics(http.ErrAbortHandler))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	_, _ = call(t.Context(), nil)
	t.Error("it returned")
}

func TestGoexitPassesAndIsNoticed(t *testing.T) {
	var logged bytes.Buffer
	var told *recovery.Panic
	call := recovery.New(recovery.Config{
		Logger:  log.NewLogfmtLogger(&logged),
		OnPanic: func(_ context.Context, p *recovery.Panic) { told = p },
	})(func(context.Context, any) (any, error) { runtime.Goexit(); return nil, nil })
	returned := false
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = call(t.Context(), nil)
		returned = true
	})
	wg.Wait()
	if returned {
		t.Error("the call returned")
	}
	if told == nil || !strings.Contains(fmt.Sprint(told.Value), "Goexit") || !strings.Contains(logged.String(), "Goexit") {
		t.Errorf("OnPanic was told %v, logged: %s", told, logged.String())
	}
}

func TestPanicDuringAPanic(t *testing.T) {
	call := recovery.New(recovery.Config{Logger: log.NewNopLogger()})(func(context.Context, any) (any, error) {
		defer func() { panic("second") }()
		panic("first")
	})
	_, err := call(t.Context(), nil)
	p, ok := errors.AsType[*recovery.Panic](err)
	if !ok || p.Value != "second" {
		t.Fatalf("got %v, want the last panic", err)
	}
	if n := strings.Count(string(p.Stack), "\npanic("); n != 2 {
		t.Errorf("the stack shows %d panics:\n%s", n, p.Stack)
	}
}

func TestNestedInItself(t *testing.T) {
	n := 0
	mw := recovery.New(recovery.Config{Logger: log.NewNopLogger(), OnPanic: func(context.Context, *recovery.Panic) { n++ }})
	_, err := mw(mw(panics(secret)))(t.Context(), nil)
	if _, ok := errors.AsType[*recovery.Panic](err); !ok || n != 1 {
		t.Errorf("%v, told %d times", err, n)
	}
}

func TestThoseWhoAreToldMayPanic(t *testing.T) {
	var lines []string
	good := logFunc(func(keyvals ...any) error {
		lines = append(lines, fmt.Sprint(keyvals[:4]...))
		return nil
	})
	bad := logFunc(func(...any) error { panic("disk full") })
	n := 0
	for name, cfg := range map[string]recovery.Config{
		"Logger":  {Logger: bad, OnPanic: func(context.Context, *recovery.Panic) { n++ }},
		"OnPanic": {Logger: good, OnPanic: func(context.Context, *recovery.Panic) { panic("no memory") }},
		"both":    {Logger: bad, OnPanic: func(context.Context, *recovery.Panic) { panic("no memory") }},
	} {
		_, err := recovery.New(cfg)(panics("boom"))(t.Context(), nil)
		if p, ok := errors.AsType[*recovery.Panic](err); !ok || p.Value != "boom" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n != 1 {
		t.Errorf("OnPanic called %d times after a Logger that panicked", n)
	}
	if len(lines) != 2 || !strings.Contains(lines[0], "boom") || !strings.Contains(lines[1], "no memory") {
		t.Errorf("logged %q", lines)
	}
}

func TestZeroConfig(t *testing.T) {
	if err := (recovery.Config{}).Validate(); err != nil {
		t.Error(err)
	}
	if response, err := recovery.New(recovery.Config{})(endpoint.Nop)(t.Context(), nil); err != nil {
		t.Errorf("%v, %v", response, err)
	}
}

func TestPanicIsTheStatusThatServersAnswer(t *testing.T) {
	if got := (&recovery.Panic{}).StatusCode(); got != http.StatusInternalServerError {
		t.Errorf("StatusCode = %d", got)
	}
}

func TestSuccessAllocatesNothing(t *testing.T) {
	call := recovery.New(recovery.Config{})(endpoint.Nop)
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSuccess(b *testing.B) {
	call := recovery.New(recovery.Config{})(endpoint.Nop)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = call(ctx, nil)
	}
}
