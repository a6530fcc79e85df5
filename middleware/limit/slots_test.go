package limit_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/limit"
)

// both kinds of limit hold slots, and let go of them, in the same way.
func both(cfg limit.Config) map[string]endpoint.Middleware {
	mw, _ := limit.Each(cfg)("a:1")
	return map[string]endpoint.Middleware{"New": limit.New(cfg), "Each": mw}
}

func TestPanicAndGoexitLetGo(t *testing.T) {
	for name, mw := range both(limit.Config{Max: 1}) {
		r := newRig(t, mw)
		for range 3 {
			r.die()
		}
		if err := r.run(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStreamsAreInFlightUntilTheyEnd(t *testing.T) {
	for name, mw := range both(limit.Config{Max: 1}) {
		r := newRig(t, mw)
		var s stream
		_, err := r.call(t.Context(), do(func(context.Context) (any, error) { return &s, nil }))
		if err != nil || r.run(nil) == nil {
			t.Errorf("%s: a call beside a stream was let through (%v)", name, err)
		}
		s.ended(nil)
		s.ended(nil) // more than once changes nothing
		end := r.begin()
		if r.run(nil) == nil {
			t.Errorf("%s: a stream that ended twice gave two slots", name)
		}
		end(nil)
		if _, err = r.call(t.Context(), do(func(context.Context) (any, error) { return &s, errDown })); r.run(nil) != nil {
			t.Errorf("%s: the response of a call that failed (%v) holds a slot", name, err)
		}
	}
}

// TestNeverMoreThanMax lets many callers at it; for the race detector too.
func TestNeverMoreThanMax(t *testing.T) {
	for name, mw := range both(limit.Config{Max: 7}) {
		var inside, most atomic.Int64
		call := mw(func(context.Context, any) (any, error) {
			n := inside.Add(1)
			defer inside.Add(-1)
			for {
				m := most.Load()
				if n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			if rand.IntN(10) == 0 {
				return nil, errDown
			}
			return nil, nil
		})
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for range 1000 {
					_, _ = call(context.Background(), nil)
				}
			})
		}
		wg.Wait()
		if most.Load() > 7 {
			t.Errorf("%s: %d in flight at a time, Max is 7", name, most.Load())
		}
	}
}
