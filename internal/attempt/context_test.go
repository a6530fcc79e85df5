package attempt

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errCaller = errors.New("the caller's reason")

// endings are the ways a context of one second ends.
var endings = []struct {
	name   string
	parent func(context.Context) (context.Context, func()) // the func is called after 500 ms
	end    bool                                            // of the attempt itself, after 500 ms
}{
	{name: "timeout", parent: nothing},
	{name: "attempt ended", parent: nothing, end: true},
	{name: "caller cancels", parent: context2(context.WithCancel)},
	{name: "caller cancels with a cause", parent: func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithCancelCause(ctx)
		return ctx, func() { cancel(errCaller) }
	}},
	{name: "caller's deadline is sooner", parent: deadline(700 * time.Millisecond)},
	{name: "caller's deadline is later", parent: deadline(time.Minute)},
	{name: "caller's deadline has a cause", parent: func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithTimeoutCause(ctx, 700*time.Millisecond, errCaller)
		_ = cancel
		return ctx, func() {}
	}},
}

func nothing(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

func context2(f func(context.Context) (context.Context, context.CancelFunc)) func(context.Context) (context.Context, func()) {
	return func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := f(ctx)
		return ctx, cancel
	}
}

func deadline(d time.Duration) func(context.Context) (context.Context, func()) {
	return func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithTimeout(ctx, d)
		_ = cancel // the bubble's time ends it
		return ctx, func() {}
	}
}

// TestEndsAsAStandardContext compares with context.WithTimeoutCause, whether
// the attempt is asked from the start (so that it has a timer) or only late.
func TestEndsAsAStandardContext(t *testing.T) {
	ask := map[string]func(context.Context){
		"asked late": func(context.Context) {},
		"asked Done": func(ctx context.Context) { ctx.Done() },
		"asked Err":  func(ctx context.Context) { _ = ctx.Err() },
		"has a child": func(ctx context.Context) {
			child, cancel := context.WithCancel(ctx)
			_ = cancel
			child.Done()
		},
	}
	for _, e := range endings {
		for name, ask := range ask {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					parent, act := e.parent(t.Context())
					want, cancel := context.WithTimeoutCause(parent, time.Second, ErrTimeout)
					defer cancel()
					got := Start(parent, time.Second)
					defer got.End()

					compareDeadline(t, got, want)
					ask(got)
					compareEnd(t, "at the start", got, want)
					time.Sleep(500 * time.Millisecond)
					act()
					if e.end {
						got.End()
						cancel()
					}
					synctest.Wait()
					compareEnd(t, "after 500 ms", got, want)
					time.Sleep(time.Second)
					synctest.Wait()
					compareEnd(t, "after 1.5 s", got, want)
					if got.Err() == nil {
						t.Error("never ended")
					}
				})
			})
		}
	}
}

func compareDeadline(t *testing.T, got, want context.Context) {
	t.Helper()
	g, gok := got.Deadline()
	w, wok := want.Deadline()
	if !g.Equal(w) || gok != wok {
		t.Errorf("Deadline = %v %v, want %v %v", g, gok, w, wok)
	}
}

func compareEnd(t *testing.T, when string, got, want context.Context) {
	t.Helper()
	if got.Err() != want.Err() {
		t.Errorf("%s: Err = %v, want %v", when, got.Err(), want.Err())
	}
	if g, w := context.Cause(got), context.Cause(want); g != w {
		t.Errorf("%s: Cause = %v, want %v", when, g, w)
	}
	if TimedOut(got) != errors.Is(context.Cause(want), ErrTimeout) {
		t.Errorf("%s: TimedOut = %v, Cause = %v", when, TimedOut(got), context.Cause(want))
	}
	if want.Err() == nil {
		return
	}
	select {
	case <-got.Done():
	default:
		t.Errorf("%s: Err is %v, but Done is open", when, got.Err())
	}
}

func TestErrorIsGivenForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		att := Start(parent, time.Second)
		defer att.End()
		time.Sleep(2 * time.Second) // nobody asked for Done: there is no timer
		if att.Err() != context.DeadlineExceeded {
			t.Fatalf("Err = %v after the timeout", att.Err())
		}
		cancel()
		if att.Err() != context.DeadlineExceeded || !TimedOut(att) {
			t.Errorf("a later cancel changed the error to %v, %v", att.Err(), context.Cause(att))
		}
	})
}

func TestChildrenStartNoGoroutine(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, timeout := range map[string]time.Duration{"with a timeout": time.Hour, "without": 0} {
		att := Start(parent, timeout)
		before := runtime.NumGoroutine()
		var children []context.Context
		for range 100 {
			child, cancel := context.WithCancel(context.WithValue(att, name, name))
			defer cancel()
			children = append(children, child)
		}
		if now := runtime.NumGoroutine(); now > before {
			t.Errorf("%s: %d goroutines for 100 children", name, now-before)
		}
		att.End()
		ended := timeout > 0 // an attempt without a timeout ends with its caller
		for _, child := range children {
			if (child.Err() != nil) != ended {
				t.Fatalf("%s: a child's Err is %v after End", name, child.Err())
			}
		}
	}
}

func TestAttemptWithoutTimeoutIsItsCaller(t *testing.T) {
	parent, cancel := context.WithCancelCause(t.Context())
	att := Start(parent, 0)
	att.End() // what was derived, such as a streamed body, lives on
	if att.Err() != nil || att.Done() != parent.Done() {
		t.Error("an attempt without a timeout ended before its caller")
	}
	if _, ok := att.Deadline(); ok {
		t.Error("an attempt without a timeout has a deadline")
	}
	cancel(errCaller)
	if att.Err() != context.Canceled || context.Cause(att) != errCaller {
		t.Errorf("Err = %v, Cause = %v, want the caller's", att.Err(), context.Cause(att))
	}
}

func TestEndReleasesTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		att := Start(t.Context(), time.Hour)
		fired := make(chan struct{})
		context.AfterFunc(att, func() { close(fired) })
		start := time.Now()
		att.End()
		att.End()
		<-fired
		if d := time.Since(start); d != 0 {
			t.Errorf("the end took %v", d)
		}
	})
}

func TestAttemptInParallel(t *testing.T) { // for the race detector
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	att := Start(parent, time.Hour)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			child, cancel := context.WithCancel(att)
			defer cancel()
			<-child.Done()
			if att.Err() != context.Canceled {
				t.Errorf("Err = %v", att.Err())
			}
		})
		wg.Go(func() {
			att.Deadline()
			From(att).Add("a")
			context.Cause(att)
			<-att.Done()
		})
	}
	wg.Go(att.End)
	wg.Wait()
}

func TestErrTimeoutIsATimeout(t *testing.T) {
	if !errors.Is(ErrTimeout, context.DeadlineExceeded) {
		t.Error("ErrTimeout is not context.DeadlineExceeded")
	}
	if errors.Is(context.DeadlineExceeded, ErrTimeout) {
		t.Error("any deadline is taken for the attempt's")
	}
	if n, ok := errors.AsType[net.Error](ErrTimeout); !ok || !n.Timeout() {
		t.Error("ErrTimeout is no net.Error that timed out")
	}
}

func TestStartAllocatesOnce(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n := testing.AllocsPerRun(100, func() {
		att := Start(parent, time.Second)
		call := From(att)
		call.Add("a")
		if att.Err() != nil || call.Tried("b") {
			t.Error("ended or mistaken")
		}
		att.End()
	}); n > 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}

func BenchmarkAttempt(b *testing.B) {
	parent := b.Context()
	b.Run("kitgen", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			att := Start(parent, time.Second)
			From(att).Add("a")
			att.End()
		}
	})
	b.Run("kitgen,Done", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			att := Start(parent, time.Second)
			From(att).Add("a")
			att.Done()
			att.End()
		}
	})
	b.Run("context.WithTimeout", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, cancel := context.WithTimeout(parent, time.Second)
			_ = ctx
			cancel()
		}
	})
}
