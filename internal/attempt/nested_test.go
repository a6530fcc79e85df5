package attempt_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/internal/attempt"
)

var (
	errCall = errors.New("the call's time is up")
	errKind = errors.New("cancelled by the test")
)

// nested is an attempt of a second in a call of a minute.
func nested(parent context.Context) (call *attempt.Bound, att *attempt.Context) {
	call = attempt.Within(parent, time.Minute, errCall)
	return call, attempt.Start(call, time.Second)
}

// TestAnAttemptInACall: whatever ends the one or the other, as if each had a
// timer of its own.
func TestAnAttemptInACall(t *testing.T) {
	for name, tt := range map[string]struct {
		do    func(cancel context.CancelCauseFunc, call *attempt.Bound, att *attempt.Context)
		err   error
		cause error
		call  error // the call's, without its own moment
	}{
		"nothing":       {func(context.CancelCauseFunc, *attempt.Bound, *attempt.Context) {}, nil, nil, nil},
		"its timeout":   {func(context.CancelCauseFunc, *attempt.Bound, *attempt.Context) { time.Sleep(time.Second) }, context.DeadlineExceeded, attempt.ErrTimeout, nil},
		"its end":       {func(_ context.CancelCauseFunc, _ *attempt.Bound, a *attempt.Context) { a.End() }, context.Canceled, context.Canceled, nil},
		"the call's":    {func(_ context.CancelCauseFunc, c *attempt.Bound, _ *attempt.Context) { c.End() }, context.Canceled, context.Canceled, context.Canceled},
		"the caller's":  {func(cancel context.CancelCauseFunc, _ *attempt.Bound, _ *attempt.Context) { cancel(errKind) }, context.Canceled, errKind, context.Canceled},
		"call, attempt": {func(_ context.CancelCauseFunc, c *attempt.Bound, a *attempt.Context) { c.End(); a.End() }, context.Canceled, context.Canceled, context.Canceled},
	} {
		for _, asked := range []string{"before", "after", "call first"} {
			t.Run(name+"/"+asked, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					parent, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					call, att := nested(parent)
					defer call.End()
					defer att.End()
					switch asked {
					case "before":
						att.Done()
					case "call first":
						call.Done()
						att.Done()
					}
					derived, stop := context.WithCancel(att)
					if asked == "after" {
						stop() // it asks for Done by itself
					}
					defer stop()
					tt.do(cancel, call, att)
					synctest.Wait()
					select {
					case <-att.Done():
						if tt.err == nil {
							t.Error("it is done")
						}
					default:
						if tt.err != nil {
							t.Error("it is not done")
						}
					}
					if err, cause := att.Err(), context.Cause(att); err != tt.err || cause != tt.cause {
						t.Errorf("ended with %v, cause %v; want %v, cause %v", err, cause, tt.err, tt.cause)
					}
					if asked != "after" && (derived.Err() == nil) != (tt.err == nil) {
						t.Errorf("what was derived from it ended with %v", derived.Err())
					}
					if err := call.Err(); err != tt.call {
						t.Errorf("the call ended with %v, want %v", err, tt.call)
					}
				})
			})
		}
	}
}

// TestAttemptsAtTheSameTime: each ends with the call, and by itself.
func TestAttemptsAtTheSameTime(t *testing.T) {
	call, first := nested(t.Context())
	second := first.NextWith(attempt.Options{Timeout: time.Second})
	for _, c := range []*attempt.Context{first, second} {
		c.Done()
	}
	first.End()
	if second.Err() != nil {
		t.Fatal("the second attempt ended with the first")
	}
	third := first.NextWith(attempt.Options{Timeout: time.Second})
	third.Done()
	call.End()
	for i, c := range []*attempt.Context{second, third} {
		<-c.Done()
		if c.Err() != context.Canceled {
			t.Errorf("attempt %d ended with %v", i+2, c.Err())
		}
	}
}

// TestTheCallEndsWhileTheAttemptIsAsked: whatever the order, nothing is left
// that would only end by its timer.
func TestTheCallEndsWhileTheAttemptIsAsked(t *testing.T) {
	for range 1000 {
		call, att := nested(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { att.Done() })
		wg.Go(call.End)
		wg.Wait()
		select {
		case <-att.Done():
		default:
			t.Fatal("the call has ended, and its attempt has not")
		}
	}
}

// TestNestedAllocations: an attempt in a call costs one timer where somebody
// waits for it, as every transport does.
func TestNestedAllocations(t *testing.T) {
	plain := testing.AllocsPerRun(1000, func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		ctx.Done()
		cancel()
	})
	got := testing.AllocsPerRun(1000, func() {
		call, att := nested(t.Context())
		att.Done()
		att.End()
		call.End()
	})
	if got > plain+2 {
		t.Errorf("%v allocations, and context.WithTimeout has %v; want two more", got, plain)
	}
}
