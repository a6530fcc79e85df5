package coalesce_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/middleware/coalesce"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a coalesced endpoint that takes a second unless its context ends.
type rig struct {
	call  endpoint.Endpoint
	calls atomic.Int32 // made
	ended atomic.Int32 // of those, by their context
	wg    sync.WaitGroup
}

func newRig() *rig {
	r := &rig{}
	r.call = coalesce.New(coalesce.Config{Key: byRequest})(func(ctx context.Context, request any) (any, error) {
		n := r.calls.Add(1)
		select {
		case <-ctx.Done():
			r.ended.Add(1)
			return nil, ctx.Err()
		case <-time.After(time.Second):
			return answer{n, request}, nil
		}
	})
	return r
}

type answer struct {
	call    int32
	request any
}

// outcome is how a caller fared.
type outcome struct {
	response any
	err      error
	took     time.Duration
}

// go1 calls on a goroutine of its own. The outcome is to be read after r.wg.
func (r *rig) go1(ctx context.Context, request any) *outcome {
	o := new(outcome)
	r.wg.Go(func() {
		start := time.Now()
		o.response, o.err = r.call(ctx, request)
		o.took = time.Since(start)
	})
	return o
}

func TestOverlappingCallsAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		var as, bs []*outcome
		for range 50 {
			as = append(as, r.go1(t.Context(), "a"))
			bs = append(bs, r.go1(t.Context(), "b"))
			time.Sleep(10 * time.Millisecond)
		}
		r.wg.Wait()
		if n := r.calls.Load(); n != 2 {
			t.Errorf("%d calls for 2 keys", n)
		}
		for i := range as {
			if as[i].response != as[0].response || bs[i].response != bs[0].response || as[i].response == bs[i].response {
				t.Errorf("caller %d got %v and %v", i, as[i].response, bs[i].response)
			}
			if want := time.Second - time.Duration(i)*10*time.Millisecond; as[i].took != want {
				t.Errorf("caller %d waited %v, want %v", i, as[i].took, want)
			}
		}
	})
}

func TestCallsThatDoNotOverlapAreTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		for want := range int32(3) {
			response, err := r.call(t.Context(), "a")
			if response != (answer{want + 1, "a"}) || err != nil {
				t.Errorf("got %v, %v", response, err)
			}
		}
	})
}

func TestNoKeyNoSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		for range 5 {
			r.go1(t.Context(), 1) // not a string
		}
		r.wg.Wait()
		if n := r.calls.Load(); n != 5 {
			t.Errorf("%d calls, want 5", n)
		}
	})
}

func TestEndpointsDoNotShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mw := coalesce.New(coalesce.Config{Key: byRequest})
		slow := func(name string) endpoint.Endpoint {
			return mw(func(context.Context, any) (any, error) { time.Sleep(time.Second); return name, nil })
		}
		user, orders := slow("user"), slow("orders")
		var wg sync.WaitGroup
		wg.Go(func() {
			if response, _ := user(t.Context(), "7"); response != "user" {
				t.Errorf("user got %v", response)
			}
		})
		if response, _ := orders(t.Context(), "7"); response != "orders" {
			t.Errorf("orders got %v", response)
		}
		wg.Wait()
	})
}

// TestWhoLeavesTakesNothingAlong: neither the first caller nor a later one.
func TestWhoLeavesTakesNothingAlong(t *testing.T) {
	errClosed := errors.New("window closed")
	for leaver := range 3 {
		synctest.Test(t, func(t *testing.T) {
			r := newRig()
			leaving, cancel := context.WithCancelCause(t.Context())
			var all []*outcome
			for i := range 3 {
				ctx := t.Context()
				if i == leaver {
					ctx = leaving
				}
				all = append(all, r.go1(ctx, "a"))
				synctest.Wait()
			}
			time.Sleep(500 * time.Millisecond)
			cancel(errClosed)
			r.wg.Wait()
			for i, o := range all {
				if i != leaver {
					if o.response != (answer{1, "a"}) || o.err != nil {
						t.Errorf("caller %d got %v, %v as %d left", i, o.response, o.err, leaver)
					}
					continue
				}
				if o.took != 500*time.Millisecond || !errors.Is(o.err, context.Canceled) || !errors.Is(o.err, errClosed) {
					t.Errorf("caller %d left at 500ms, and got %v after %v", i, o.err, o.took)
				}
			}
			if r.calls.Load() != 1 || r.ended.Load() != 0 {
				t.Errorf("%d calls, %d of them ended", r.calls.Load(), r.ended.Load())
			}
		})
	}
}

func TestTheLastToLeaveEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		var all []*outcome
		for i := range 5 { // the first has the most time
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(500-100*i)*time.Millisecond)
			defer cancel()
			all = append(all, r.go1(ctx, "a"))
			synctest.Wait()
		}
		time.Sleep(499 * time.Millisecond)
		if r.ended.Load() != 0 {
			t.Error("the call ended while somebody waited")
		}
		r.wg.Wait()
		if r.calls.Load() != 1 || r.ended.Load() != 1 {
			t.Errorf("%d calls, %d of them ended", r.calls.Load(), r.ended.Load())
		}
		for i, o := range all {
			if want := time.Duration(500-100*i) * time.Millisecond; o.took != want || !errors.Is(o.err, context.DeadlineExceeded) || errors.Is(o.err, context.Canceled) {
				t.Errorf("caller %d got %v after %v, want its deadline after %v", i, o.err, o.took, want)
			}
		}
	})
}

// TestManyShortCallersOutlastALongCall: each has less time than the call takes.
func TestManyShortCallersOutlastALongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		answered := 0
		var all []*outcome
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
			defer cancel()
			all = append(all, r.go1(ctx, "a"))
			time.Sleep(100 * time.Millisecond)
		}
		r.wg.Wait()
		for _, o := range all {
			if o.err == nil {
				answered++
			}
		}
		if answered < 5 || r.calls.Load() > 3 {
			t.Errorf("%d of 20 got an answer from %d calls", answered, r.calls.Load())
		}
	})
}

// TestTheLastJoinsTheCall: it waits for one that takes its time to end, and a
// newcomer does not.
func TestTheLastJoinsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		call := coalesce.New(coalesce.Config{Key: byRequest})(func(ctx context.Context, _ any) (any, error) {
			if calls++; calls == 2 {
				return "second", nil
			}
			<-ctx.Done()
			if cause := context.Cause(ctx); !strings.Contains(cause.Error(), "every caller has left") {
				t.Errorf("the call ended by %v", cause)
			}
			time.Sleep(time.Second) // tidying up
			return "late", nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			start := time.Now()
			response, err := call(ctx, "a")
			if took := time.Since(start); took != 2*time.Second || response != nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the last caller got %v, %v after %v", response, err, took)
			}
		})
		time.Sleep(1500 * time.Millisecond)
		start := time.Now()
		if response, err := call(t.Context(), "a"); response != "second" || time.Since(start) != 0 {
			t.Errorf("the newcomer got %v, %v after %v", response, err, time.Since(start))
		}
		wg.Wait()
	})
}

func TestContextOfTheCall(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		first, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "first"), 100*time.Millisecond)
		defer cancel()
		var shared context.Context
		call := coalesce.New(coalesce.Config{Key: byRequest})(func(ctx context.Context, _ any) (any, error) {
			shared = ctx
			if _, ok := ctx.Deadline(); ok {
				t.Error("the shared call has the deadline of one caller")
			}
			time.Sleep(time.Second)
			return ctx.Value(key{}), ctx.Err()
		})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = call(first, "a") })
		synctest.Wait()
		response, err := call(context.WithValue(t.Context(), key{}, "second"), "a")
		if response != "first" || err != nil {
			t.Errorf("got %v, %v", response, err)
		}
		wg.Wait()
		synctest.Wait()
		if shared.Err() == nil {
			t.Error("the context outlives its call")
		}
	})
}

func TestWhoHasLeftAlreadyStartsNothing(t *testing.T) {
	r := newRig()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.call(ctx, "a"); err != context.Canceled || r.calls.Load() != 0 {
		t.Errorf("%v, %d calls", err, r.calls.Load())
	}
}

func TestErrorsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := coalesce.New(coalesce.Config{Key: byRequest})(func(context.Context, any) (any, error) {
			time.Sleep(time.Second)
			return "partial", io.ErrUnexpectedEOF
		})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if response, err := call(t.Context(), "a"); response != "partial" || err != io.ErrUnexpectedEOF {
					t.Errorf("got %v, %v", response, err)
				}
			})
		}
		wg.Wait()
	})
}

// TestPanicReachesEveryCaller, also the last one that has just left.
func TestPanicReachesEveryCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := coalesce.New(coalesce.Config{Key: byRequest})(func(ctx context.Context, _ any) (any, error) {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			panic("boom")
		})
		var wg sync.WaitGroup
		caller := func(ctx context.Context, key string) {
			defer func() {
				p, ok := recover().(*coalesce.Panic)
				if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestPanicReachesEveryCaller") {
					t.Errorf("recovered %v", p)
				}
				if text := p.Error(); !strings.Contains(text, "boom") || !strings.Contains(text, "goroutine") {
					t.Errorf("text %q", text)
				}
			}()
			_, err := call(ctx, key)
			t.Errorf("a caller got %v", err)
		}
		for range 3 {
			wg.Go(func() { caller(t.Context(), "a") })
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		wg.Go(func() { caller(ctx, "b") })
		wg.Wait()
	})
}

func TestGoexitReachesEveryCallerAsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		call := coalesce.New(coalesce.Config{Key: byRequest})(func(context.Context, any) (any, error) {
			if calls++; calls == 1 {
				time.Sleep(time.Second)
				runtime.Goexit()
			}
			return "ok", nil
		})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				response, err := call(t.Context(), "a")
				if response != nil || err == nil || !strings.Contains(err.Error(), "Goexit") {
					t.Errorf("got %v, %v", response, err)
				}
			})
		}
		wg.Wait()
		if response, err := call(t.Context(), "a"); response != "ok" {
			t.Errorf("the key is blocked: %v, %v", response, err)
		}
	})
}

func TestKeyMayPanic(t *testing.T) {
	call := coalesce.New(coalesce.Config{Key: func(_ context.Context, request any) (string, bool) {
		return request.(string), true
	}})(endpoint.Nop)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = call(t.Context(), 1)
	}()
	if _, err := call(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}
