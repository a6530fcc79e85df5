package coalesce_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/middleware/coalesce"
)

// watched is an endpoint that says when two calls with one key are under way
// though somebody waits for the first.
type watched struct {
	t     *testing.T
	mu    sync.Mutex // guards alive
	alive map[string]context.Context
	calls atomic.Int64
}

func (w *watched) endpoint(ctx context.Context, request any) (any, error) {
	key := request.(string)
	w.mu.Lock()
	other := w.alive[key]
	if otherLives := other != nil && other.Err() == nil; ctx.Err() == nil { // else it was given up before it began
		if otherLives {
			w.t.Errorf("two calls for %s at a time", key)
		}
		w.alive[key] = ctx
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.alive[key] == ctx {
			delete(w.alive, key)
		}
	}()

	n := w.calls.Add(1)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(rand.IntN(50)) * time.Microsecond):
		return fmt.Sprint(key, " ", n), nil
	}
}

// herd sends callers with random patience and keys, and checks that each gets
// exactly one thing: an answer to its own key, or the end of its own context.
func herd(t *testing.T, callers, each int) {
	w := &watched{t: t, alive: make(map[string]context.Context)}
	call := coalesce.New(coalesce.Config{Key: byRequest})(w.endpoint)
	var answered, left atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				key := fmt.Sprint("key", rand.IntN(3))
				ctx, cancel := context.WithCancel(context.Background())
				if rand.IntN(10) > 0 { // the others wait for ever
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(60))*time.Microsecond)
				}
				response, err := call(ctx, key)
				switch {
				case err == nil:
					answered.Add(1)
					if text, ok := response.(string); !ok || text[:len(key)+1] != key+" " {
						t.Errorf("asked for %s, got %v", key, response)
					}
				case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
					left.Add(1)
				default:
					t.Errorf("got %v, with a context that is %v", err, ctx.Err())
				}
				cancel()
				time.Sleep(time.Duration(rand.IntN(20)) * time.Microsecond)
			}
		})
	}
	wg.Wait()
	total := int64(callers * each)
	if answered.Load()+left.Load() != total || answered.Load() == 0 || left.Load() == 0 {
		t.Errorf("of %d, %d were answered and %d left", total, answered.Load(), left.Load())
	}
	if w.calls.Load() >= total {
		t.Errorf("%d calls for %d callers: nothing was shared", w.calls.Load(), total)
	}
	if len(w.alive) != 0 {
		t.Errorf("%d calls are still under way", len(w.alive))
	}
}

func TestHerd(t *testing.T) { // for the race detector
	herd(t, 32, 300)
}

func TestHerdInABubble(t *testing.T) { // whose end finds a call that nobody joined
	for range 20 {
		synctest.Test(t, func(t *testing.T) { herd(t, 20, 20) })
	}
}
