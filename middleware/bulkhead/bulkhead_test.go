package bulkhead

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/classify"
)

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MaxInFlight: 2, MaxQueue: 3, MaxWait: -1})
		var calls []*running
		for range 5 {
			calls = append(calls, r.begin(t.Context()))
		}
		r.want(2, 3, "full")
		if err := <-r.begin(t.Context()).ended; !errors.Is(err, ErrFull) {
			t.Errorf("the sixth call: %v, want ErrFull", err)
		}
		r.want(2, 3, "after a rejection")
		for i, c := range calls {
			for j, other := range calls[i:] {
				if other.started() != (j < 2) {
					t.Errorf("%d calls have ended, and call %d is under way: %v", i, i+j, other.started())
				}
			}
			c.finish()
		}
		r.want(0, 0, "at the end")
	})
}

func TestDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{})
		var calls []*running
		for range 200 {
			calls = append(calls, r.begin(t.Context()))
		}
		r.want(100, 100, "full")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		r.want(100, 0, "after MaxWait")
		for _, c := range calls[100:] {
			if err := <-c.ended; !errors.Is(err, ErrFull) {
				t.Fatalf("%v, want ErrFull", err)
			}
		}
		for _, c := range calls[:100] {
			c.finish()
		}
	})
}

func TestNoQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MaxInFlight: 1, MaxQueue: -1})
		first := r.begin(t.Context())
		start := time.Now()
		if err := <-r.begin(t.Context()).ended; !errors.Is(err, ErrFull) || time.Since(start) != 0 {
			t.Errorf("%v after %v, want ErrFull at once", err, time.Since(start))
		}
		first.finish()
		r.begin(t.Context()).finish()
	})
}

// TestOneWhoLeavesTheQueue: those behind move up, and no place is lost.
func TestOneWhoLeavesTheQueue(t *testing.T) {
	cause := errors.New("user closed the page")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MaxInFlight: 1, MaxWait: time.Second})
		first := r.begin(t.Context())
		ctx, cancel := context.WithCancelCause(t.Context())
		second := r.begin(ctx)
		cancel(cause)
		err := <-second.ended
		for _, want := range []error{ErrFull, context.Canceled, cause} {
			if !errors.Is(err, want) {
				t.Errorf("%v does not match %v", err, want)
			}
		}
		r.want(1, 0, "after the second has left")
		third := r.begin(t.Context())
		first.finish()
		if !third.started() {
			t.Error("the third call is not under way")
		}
		third.finish()
		r.want(0, 0, "at the end")
	})
}

// TestPlaceAndEndTogether has places granted at the very moment in which those
// who wait for them give up.
func TestPlaceAndEndTogether(t *testing.T) {
	for name, give := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"MaxWait": context.WithCancel,
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wait := time.Second
				if name == "deadline" {
					wait = -1
				}
				b := NewBulkhead(Config{MaxInFlight: 4, MaxQueue: 100, MaxWait: wait})
				call := b.Wrap(func(context.Context, any) (any, error) { time.Sleep(time.Second); return nil, nil })
				outcomes := map[bool]int{}
				for range 200 {
					var wg sync.WaitGroup
					var mu sync.Mutex
					for range 12 {
						wg.Go(func() {
							ctx, cancel := give(t.Context())
							defer cancel()
							_, err := call(ctx, nil)
							mu.Lock()
							defer mu.Unlock()
							outcomes[err == nil]++
						})
					}
					wg.Wait()
					if got := b.Stats(); got != (Stats{}) || b.places.spare != 0 {
						t.Fatalf("%+v and %d spare places when all is over", got, b.places.spare)
					}
				}
				if outcomes[true] < 800 || outcomes[false] == 0 {
					t.Errorf("outcomes %v: want 4 of each 12 to succeed at least, and some to give up", outcomes)
				}
			})
		})
	}
}

func TestWhatEndsACallGivesItsPlaceBack(t *testing.T) {
	r := newRig(t, Config{MaxInFlight: 1, MaxQueue: -1})
	run := func(f func() (any, error)) {
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() { _ = recover() }()
			_, _ = r.call(t.Context(), f)
		})
		wg.Wait()
		r.want(0, 0, "after the call")
	}
	run(func() (any, error) { return nil, errors.New("down") })
	run(func() (any, error) { panic("boom") })
	run(func() (any, error) { runtime.Goexit(); return nil, nil })
	run(func() (any, error) { return &stream{}, errors.New("down") }) // an error is no stream
}

func TestPanicGoesOn(t *testing.T) {
	r := newRig(t, Config{})
	defer func() {
		if got := recover(); got != "boom" {
			t.Errorf("recovered %v", got)
		}
	}()
	_, _ = r.call(t.Context(), func() (any, error) { panic("boom") })
}

type stream struct{ end func(error) }

func (s *stream) OnEnd(f func(error)) { s.end = f }

func TestAStreamHoldsItsPlaceUntilItEnds(t *testing.T) {
	r := newRig(t, Config{MaxInFlight: 1, MaxQueue: -1})
	s := new(stream)
	open := func() (any, error) { return s, nil }
	if response, err := r.call(t.Context(), open); response != s || err != nil {
		t.Fatal(response, err)
	}
	r.want(1, 0, "while the stream is open")
	if _, err := r.call(t.Context(), open); !errors.Is(err, ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
	s.end(nil)
	s.end(nil)
	r.want(0, 0, "after the stream has ended, and said so twice")
}

func TestEndpointsShareTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MaxInFlight: 1, MaxQueue: -1})
		first := r.begin(t.Context())
		other := r.Wrap(func(context.Context, any) (any, error) { return nil, nil })
		if _, err := other(t.Context(), nil); !errors.Is(err, ErrFull) {
			t.Errorf("%v, want ErrFull", err)
		}
		first.finish()
	})
}

func TestWhatTheErrorsSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MaxInFlight: 1, MaxQueue: 1})
		first := r.begin(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		gone := r.begin(ctx)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		late := r.begin(t.Context())
		full := r.begin(t.Context())
		errs := []error{<-gone.ended, <-full.ended, <-late.ended}
		var got []string
		for _, err := range errs {
			got = append(got, err.Error())
			full, ok := errors.AsType[*FullError](err)
			if !ok || !full.NotSent() || !full.Rejected() || full.StatusCode() != 503 || full.InFlight != 1 {
				t.Errorf("%#v", err)
			}
			if o := classify.Default(t.Context(), nil, err); o != classify.NotSent || !classify.Rejected(err) {
				t.Errorf("%v is classified as %v", err, o)
			}
		}
		want := []string{
			"bulkhead is full: 1 in flight, context deadline exceeded while waiting",
			"bulkhead is full: 1 in flight, 1 waiting",
			"bulkhead is full: 1 in flight, no room within 100ms",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !errors.Is(errs[0], context.DeadlineExceeded) || errors.Is(errs[1], context.DeadlineExceeded) {
			t.Error("only the first ended by its deadline")
		}
		first.finish()
	})
}

// TestAStreamThatPanicsHoldsNoPlace: a nil stream, most likely.
func TestAStreamThatPanicsHoldsNoPlace(t *testing.T) {
	r := newRig(t, Config{MaxInFlight: 1, MaxQueue: -1})
	func() {
		defer func() { _ = recover() }()
		_, _ = r.call(t.Context(), func() (any, error) { return (*stream)(nil), nil })
	}()
	r.want(0, 0, "after OnEnd has panicked")
}
