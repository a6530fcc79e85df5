package throttle

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// always is a throttle that rejects whenever there is a chance.
func always(cfg Config) *Throttle {
	t := NewThrottle(cfg)
	t.coin = func() float64 { return 0 }
	return t
}

// run makes n calls that end with err, and returns how many were rejected.
func (t *Throttle) run(n int, err error) (rejected int) {
	call := t.Wrap(func(context.Context, any) (any, error) { return nil, err })
	for range n {
		if _, err := call(context.Background(), nil); errors.Is(err, ErrThrottled) {
			rejected++
		}
	}
	return rejected
}

func TestWhatCounts(t *testing.T) {
	for _, tt := range []struct {
		name                         string
		err                          error
		requests, accepts, overloads int64
	}{
		{"success", nil, 20, 20, 0},
		{"business error", statusError(404), 20, 20, 0},
		{"fault", statusError(500), 20, 20, 0},
		{"429", statusError(429), 20, 0, 20},
		{"503", statusError(503), 20, 0, 20},
		{"timeout", context.DeadlineExceeded, 20, 0, 20},
		{"unknown", errors.New("boom"), 20, 0, 20},
		{"refused", syscall.ECONNREFUSED, 0, 0, 0},
		{"another throttle's rejection", &Error{}, 0, 0, 0},
		{"caller went away", context.Canceled, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th := always(Config{})
				th.run(20, tt.err)
				got := th.Stats()
				got.Chance = 0
				if want := (Stats{tt.requests, tt.accepts, tt.overloads, 0}); got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
				if through := th.run(1, nil) == 0; through != (tt.overloads == 0) {
					t.Errorf("the next call is let through: %v", through)
				}
			})
		})
	}
}

func TestNothingIsRejectedBefore(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg        Config
		ok, busy   int
		wantChance float64
	}{
		"MinOverloads":                {Config{}, 0, 9, 0},
		"its default":                 {Config{}, 0, 10, 10. / 11},
		"MinOverloads is set":         {Config{MinOverloads: 2}, 0, 2, 2. / 3},
		"one in K is accepted":        {Config{}, 10, 10, 0},
		"fewer are":                   {Config{}, 10, 11, 1. / 22},
		"one in a lower K":            {Config{K: 1}, 10, 10, 10. / 21},
		"one in a higher K":           {Config{K: 4}, 10, 30, 0},
		"two in three, with a low K":  {Config{K: 1.5}, 20, 10, 0},
		"all but 15 of 100 at K of 1": {Config{K: 1}, 85, 15, 15. / 101},
	} {
		synctest.Test(t, func(t *testing.T) {
			th := always(tt.cfg)
			th.run(tt.ok, nil)
			th.coin = func() float64 { return 1 }
			th.run(tt.busy, errBusy)
			if got := th.Stats().Chance; got != tt.wantChance {
				t.Errorf("%s: chance %v, want %v", name, got, tt.wantChance)
			}
		})
	}
}

// TestCountedAtTheStart: a service that hangs is noticed before its calls end.
func TestCountedAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := always(Config{})
		th.run(20, nil)
		end := make(chan struct{})
		hang := th.Wrap(func(context.Context, any) (any, error) { <-end; return nil, errBusy })
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _, _ = hang(t.Context(), nil) })
		}
		synctest.Wait()
		if c := th.Stats().Chance; c != 0 {
			t.Errorf("chance %v before anything was turned away", c)
		}
		th.run(10, errBusy)
		if got := th.Stats(); got.Requests != 130 || got.Chance != 90./131 {
			t.Errorf("%+v, want 130 requests and a chance of 90/131", got)
		}
		close(end)
		wg.Wait()
	})
}

// TestABurstAtTheStart is of calls that succeed, but take their time.
func TestABurstAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := always(Config{})
		var ok atomic.Int32
		slow := th.Wrap(func(context.Context, any) (any, error) { time.Sleep(10 * time.Second); return nil, nil })
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if _, err := slow(t.Context(), nil); err == nil {
					ok.Add(1)
				}
			})
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if ok.Load() != 1000 {
			t.Errorf("%d of 1000 calls were let through", ok.Load())
		}
	})
}

func TestTrickleLetsOneThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := always(Config{Trickle: 5 * time.Second})
		time.Sleep(time.Minute)
		th.run(10, errBusy)
		for i := range 10 {
			var through atomic.Int32
			call := th.Wrap(func(context.Context, any) (any, error) { through.Add(1); return nil, errBusy })
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() { _, _ = call(t.Context(), nil) })
			}
			wg.Wait()
			if want := int32(1 - i%2); through.Load() != want { // every other round is due
				t.Errorf("round %d: %d of 50 go through, want %d", i, through.Load(), want)
			}
			time.Sleep(2500 * time.Millisecond)
		}
	})
}

func TestPanicAndExitCountForNothing(t *testing.T) {
	th := always(Config{Classify: func(context.Context, any, error) classify.Outcome { return classify.Failure }})
	for name, f := range map[string]func(){"panic": func() { panic("boom") }, "exit": runtime.Goexit} {
		call := th.Wrap(func(context.Context, any) (any, error) { f(); return nil, nil })
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() {
				if got := recover(); (got == "boom") != (name == "panic") {
					t.Errorf("%s: recovered %v", name, got)
				}
			}()
			_, _ = call(t.Context(), nil)
		})
		wg.Wait()
	}
	if got := th.Stats(); got != (Stats{}) {
		t.Errorf("%+v, want nothing", got)
	}
}

func TestEndpointsShareTheThrottle(t *testing.T) {
	th := always(Config{})
	th.run(10, errBusy)
	if th.run(3, nil) != 3 { // run wraps an endpoint of its own
		t.Error("the other method of an overloaded service is let through")
	}
}

func TestTheCoin(t *testing.T) { // 1000 draws at a chance of 0.5, rising to 0.86
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(Config{})
		th.run(100, nil)
		th.coin = func() float64 { return 1 }
		th.run(300, errBusy)
		th.coin = NewThrottle(Config{}).coin
		if n := th.run(1000, errBusy); n < 500 || n > 900 {
			t.Errorf("%d of 1000 are rejected", n)
		}
	})
}

func TestParallelCalls(t *testing.T) { // for the race detector, over the ends of slots
	th := NewThrottle(Config{Window: time.Millisecond, Trickle: time.Microsecond})
	errs := []error{nil, errBusy, errBusy, errBusy, context.Canceled}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 5000 {
				th.run(1, errs[(i+j)%len(errs)])
				th.Stats()
			}
		})
	}
	wg.Wait()
}

func TestError(t *testing.T) {
	th := always(Config{Name: "addsvc"})
	th.run(10, errBusy)
	_, err := th.Wrap(nil)(t.Context(), nil)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Name != "addsvc" || !errors.Is(err, ErrThrottled) || e.StatusCode() != 503 {
		t.Errorf("%#v", err)
	}
	if o := classify.Default(t.Context(), nil, err); o != classify.NotSent || !classify.Rejected(err) {
		t.Errorf("a rejection is classified as %v", o)
	}
	for e, want := range map[*Error]string{
		e:          "addsvc: throttled: the service turns too many calls away",
		new(Error): "throttled: the service turns too many calls away",
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e, want)
		}
	}
}
