package breaker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/breaker"
)

// stream is a response that ends when its test says so, once for each who asked.
type stream struct{ ends []func(error) }

func (s *stream) OnEnd(f func(error)) { s.ends = append(s.ends, f) }

func (s *stream) end(err error) {
	for _, f := range s.ends {
		f(err)
		f(errDown) // more than once changes nothing
	}
}

// stopping is what a server that leaves ends its streams with.
type stopping struct{ statusError }

func (stopping) RetryAfter() (time.Duration, bool) { return 0, true }

// TestStreamsCountWhenTheyEnd: each of them opened well.
func TestStreamsCountWhenTheyEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    breaker.Config
		end    error
		opens  bool
		counts int // of successes or failures, while it is closed
	}{
		"failures":             {breaker.Config{}, errDown, true, 0},
		"successes":            {breaker.Config{}, nil, false, 5},
		"business errors":      {breaker.Config{}, statusError(404), false, 5},
		"the server stops":     {breaker.Config{}, stopping{503}, false, 0},
		"their callers leave":  {breaker.Config{}, context.Canceled, false, 0},
		"openings are counted": {breaker.Config{Openings: true}, errDown, false, 5},
	} {
		t.Run(name, func(t *testing.T) {
			group := breaker.NewGroup(tt.cfg)
			defer group.Close()
			mw, ready := group.Each("a:1")
			call := mw(func(_ context.Context, s any) (any, error) { return s, nil })
			var open []*stream
			for range 5 {
				s := &stream{}
				open = append(open, s)
				if _, err := call(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			if s := group.Circuits()[0]; !tt.cfg.Openings && s.Successes+s.Failures != 0 {
				t.Errorf("before they end: %+v", s)
			}
			for _, s := range open {
				s.end(tt.end)
			}
			if s := group.Circuits()[0]; ready() == tt.opens || s.Successes+s.Failures != tt.counts {
				t.Errorf("ready is %t and %+v", ready(), s)
			}
		})
	}
}

// TestAProbeThatOpensAStreamIsOne: the circuit does not wait for its end.
func TestAProbeThatOpensAStreamIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := breaker.NewGroup(breaker.Config{Consecutive: 1})
		defer group.Close()
		mw, ready := group.Each("a:1")
		var old, probe stream
		call := mw(func(_ context.Context, response any) (any, error) {
			if err, ok := response.(error); ok {
				return nil, err
			}
			return response, nil
		})
		_, _ = call(t.Context(), &old)
		_, _ = call(t.Context(), errDown)
		if ready() {
			t.Fatal("one failure did not open it")
		}
		time.Sleep(time.Minute)
		old.end(errDown) // of a stream from before, while it is open
		if _, err := call(t.Context(), &probe); err != nil || group.Circuits()[0].State != breaker.Closed {
			t.Errorf("after the probe: %v, %+v", err, group.Circuits()[0])
		}
		probe.end(errDown)
		if ready() {
			t.Error("it fails, and the circuit is closed")
		}
	})
}
