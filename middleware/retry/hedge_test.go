package retry_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
)

// after is an endpoint that takes so long, and heeds its context.
func after(ctx context.Context, d time.Duration, response any, err error) (any, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return response, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hedged returns a call whose policy has seen enough calls of a millisecond, and
// the attempts of which are plans from then on.
func hedged(cfg retry.Config, plans ...func(ctx context.Context) (any, error)) endpoint.Endpoint {
	cfg.Idempotent = true
	if cfg.Hedge == nil {
		cfg.Hedge = &retry.HedgeConfig{}
	}
	var n atomic.Int32
	warm := true
	call := retry.New(cfg)(func(ctx context.Context, _ any) (any, error) {
		if warm {
			return after(ctx, time.Millisecond, "warm", nil)
		}
		return plans[n.Add(1)-1](ctx)
	})
	for range 1000 {
		_, _ = call(context.Background(), nil)
	}
	time.Sleep(time.Second) // for the delay to be computed anew
	warm = false
	return call
}

func answers(d time.Duration, response any, err error) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) { return after(ctx, d, response, err) }
}

const ms = time.Millisecond

func TestHedge(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plans []func(context.Context) (any, error)
		want  any
		err   error
		took  time.Duration
	}{
		{"the first in time", []func(context.Context) (any, error){answers(9*ms, "first", nil)}, "first", nil, 9 * ms},
		{"the second wins", []func(context.Context) (any, error){answers(time.Minute, "first", nil), answers(5*ms, "second", nil)}, "second", nil, 15 * ms},
		{"the first wins", []func(context.Context) (any, error){answers(12*ms, "first", nil), answers(time.Minute, "second", nil)}, "first", nil, 12 * ms},
		{"the second fails", []func(context.Context) (any, error){answers(50*ms, "first", nil), answers(ms, nil, statusError(503))}, "first", nil, 50 * ms},
		{"the first fails, the second answers", []func(context.Context) (any, error){answers(20*ms, nil, statusError(503)), answers(30*ms, "second", nil)}, "second", nil, 40 * ms},
		{"a business error wins", []func(context.Context) (any, error){answers(time.Minute, "first", nil), answers(5*ms, nil, statusError(404))}, nil, statusError(404), 15 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				call := hedged(retry.Config{}, tt.plans...)
				start := time.Now()
				got, err := call(t.Context(), nil)
				if took := time.Since(start); got != tt.want || !errors.Is(err, tt.err) || took != tt.took {
					t.Errorf("%v, %v after %v; want %v, %v after %v", got, err, took, tt.want, tt.err, tt.took)
				}
			})
		})
	}
}

func TestHedgesThatFailCountAsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		call := hedged(
			retry.Config{OnRetry: func(_ context.Context, n int, err error) { told = append(told, string(rune('0'+n))+" "+err.Error()) }},
			answers(20*ms, nil, statusError(503)), answers(ms, nil, statusError(502)), answers(ms, nil, statusError(504)), nil,
		)
		_, err := call(t.Context(), nil)
		e, ok := errors.AsType[*retry.Error](err)
		if !ok || e.Attempts != 3 || !strings.HasSuffix(e.Error(), "Gateway Timeout (before: Bad Gateway; Service Unavailable)") {
			t.Errorf("%v", err)
		}
		if want := []string{"2 no answer within the usual time", "3 Bad Gateway"}; !slices.Equal(told, want) {
			t.Errorf("OnRetry was told %q, want %q", told, want)
		}
	})
}

func TestTheLoserIsCancelledAndSaysNothing(t *testing.T) {
	for _, slowFirst := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var outcome classify.Outcome
			loser := func(ctx context.Context) (any, error) {
				_, err := after(ctx, time.Minute, nil, nil)
				outcome = classify.Default(ctx, nil, err)
				if attempt.TimedOut(ctx) {
					t.Error("the loser is told that it timed out")
				}
				return nil, err
			}
			plans := []func(context.Context) (any, error){loser, answers(ms, "won", nil)}
			if !slowFirst {
				plans = []func(context.Context) (any, error){answers(20*ms, "won", nil), loser}
			}
			if got, err := hedged(retry.Config{}, plans...)(t.Context(), nil); got != "won" || err != nil {
				t.Errorf("%v, %v", got, err)
			}
			if outcome != classify.Excluded {
				t.Errorf("the loser counts as %v", outcome)
			}
		})
	}
}

func TestNoHedgeBeforeTheUsualTimeIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		call := retry.New(retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}})(func(ctx context.Context, _ any) (any, error) {
			calls++
			return after(ctx, time.Second, nil, nil)
		})
		for range 9 {
			_, _ = call(t.Context(), nil)
		}
		if calls != 9 {
			t.Errorf("9 calls made %d attempts", calls)
		}
	})
}

// TestPanicsOfBothAttemptsArrive at the caller, and leave nothing running.
func TestPanicsOfBothAttemptsArrive(t *testing.T) {
	boom := func(context.Context) (any, error) { panic("boom") }
	late := func(ctx context.Context) (any, error) {
		_, _ = after(ctx, 20*ms, nil, nil)
		panic("boom")
	}
	for name, plans := range map[string][]func(context.Context) (any, error){
		"first, alone":        {boom},
		"first, beside":       {late, answers(time.Minute, nil, nil)},
		"second":              {answers(time.Minute, "first", nil), boom},
		"second, as it loses": {answers(15*ms, "first", nil), late},
	} {
		synctest.Test(t, func(t *testing.T) {
			call := hedged(retry.Config{}, plans...)
			start := time.Now()
			func() {
				defer func() {
					if v := recover(); v != "boom" {
						t.Errorf("%s: %v", name, v)
					}
				}()
				got, err := call(t.Context(), nil)
				t.Errorf("%s: %v, %v", name, got, err)
			}()
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s: only after %v", name, took)
			}
		})
	}
}

func TestGoexitOfBothAttempts(t *testing.T) {
	exit := func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }
	lateExit := func(ctx context.Context) (any, error) {
		_, _ = after(ctx, 20*ms, nil, nil)
		runtime.Goexit()
		return nil, nil
	}
	synctest.Test(t, func(t *testing.T) {
		for name, plans := range map[string][]func(context.Context) (any, error){
			"first":         {exit},
			"first, beside": {lateExit, answers(time.Minute, nil, nil)},
		} {
			call := hedged(retry.Config{}, plans...)
			var wg sync.WaitGroup
			start := time.Now()
			wg.Go(func() {
				_, _ = call(t.Context(), nil)
				t.Errorf("%s: the goroutine went on", name)
			})
			wg.Wait()
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s: ended only after %v", name, took)
			}
		}
		got, err := hedged(retry.Config{}, answers(30*ms, "first", nil), exit)(t.Context(), nil)
		if got != "first" || err != nil {
			t.Errorf("the second ended its goroutine: %v, %v", got, err)
		}
		_, err = hedged(retry.Config{Attempts: 2}, answers(30*ms, nil, statusError(503)), exit)(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), "ended its goroutine without a result") {
			t.Errorf("%v", err)
		}
	})
}

func TestTheCallerLeavesBothAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		call := hedged(retry.Config{}, answers(time.Minute, nil, nil), answers(time.Minute, nil, nil))
		time.AfterFunc(100*ms, cancel)
		start := time.Now()
		if _, err := call(ctx, nil); !errors.Is(err, context.Canceled) || time.Since(start) != 100*ms {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestHedgingTheTail: one call in a hundred is fifty times as slow.
func TestHedgingTheTail(t *testing.T) {
	quantile := func(hedge *retry.HedgeConfig) (p50, p999 time.Duration, attempts float64) {
		synctest.Test(t, func(t *testing.T) {
			const calls = 20000
			r := rand.New(rand.NewPCG(1, 2))
			n := 0
			var mu sync.Mutex
			call := retry.New(retry.Config{Idempotent: true, Hedge: hedge})(func(ctx context.Context, _ any) (any, error) {
				mu.Lock()
				n++
				d := time.Duration(r.ExpFloat64()*float64(4*ms)) + 4*ms
				if r.IntN(100) == 0 {
					d = 500 * ms
				}
				mu.Unlock()
				return after(ctx, d, nil, nil)
			})
			took := make([]time.Duration, calls)
			var wg sync.WaitGroup
			for i := range calls {
				wg.Go(func() {
					start := time.Now()
					_, _ = call(t.Context(), nil)
					took[i] = time.Since(start)
				})
				time.Sleep(2 * ms)
			}
			wg.Wait()
			took = took[calls/10:] // it learns first
			slices.Sort(took)
			p50, p999, attempts = took[len(took)/2], took[len(took)*999/1000], float64(n)/calls
		})
		return p50, p999, attempts
	}
	_, plain, _ := quantile(nil)
	p50, p999, attempts := quantile(&retry.HedgeConfig{})
	t.Logf("p99.9 %v without, %v with hedging; p50 %v; %.4f attempts per call", plain, p999, p50, attempts)
	if p999 > plain/5 || attempts > 1.03 {
		t.Errorf("p99.9 fell from %v to %v for %.4f attempts per call; want a fifth for 1.03", plain, p999, attempts)
	}
}

func TestHedgesKeepToTheirShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // every call is slower than the last: all would be due
		var n atomic.Int64
		call := retry.New(retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{Percentile: 0.5, Floor: ms}})(func(ctx context.Context, _ any) (any, error) {
			d := 10*ms + time.Duration(n.Add(1))*ms/10
			if attempt.Number(ctx) == 2 {
				d = ms // it wins; of those that do not there are fewer
			}
			return after(ctx, d, nil, nil)
		})
		const calls = 3000
		for range calls {
			_, _ = call(t.Context(), nil)
		}
		if share := float64(n.Load()-calls) / calls; share > 0.03 || share < 0.02 {
			t.Errorf("%.3f second attempts per call, want up to 0.03", share)
		}
	})
}

func TestHedgesAskTheBudgetToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		none := retry.NewBudget(retry.BudgetConfig{Ratio: -1, PerSecond: -1})
		call := retry.New(retry.Config{Idempotent: true, Budget: none, Hedge: &retry.HedgeConfig{Percentile: 0.5, Floor: ms, MaxShare: 1}})(func(ctx context.Context, _ any) (any, error) {
			return after(ctx, time.Duration(1+n.Add(1)%2*50)*ms, nil, nil)
		})
		for range 200 {
			_, _ = call(t.Context(), nil)
		}
		if n.Load() != 200 {
			t.Errorf("200 calls made %d attempts without a budget for them", n.Load())
		}
	})
}

func TestNeverIsHeardFromBothAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := hedged(retry.Config{},
			answers(20*ms, nil, statusError(503)), answers(5*ms, nil, told{503, -1}), answers(ms, "third", nil))
		got, err := call(t.Context(), nil)
		if e, ok := errors.AsType[*retry.Error](err); !ok || e.Attempts != 2 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestTheLatencyOfTheFirstIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var start time.Time
		var due time.Duration
		first := 20 * ms
		plan := func(ctx context.Context) (any, error) {
			if attempt.Number(ctx) == 1 {
				return after(ctx, first, nil, nil)
			}
			due = time.Since(start)
			time.Sleep(200 * ms)
			return nil, ctx.Err()
		}
		call := hedged(retry.Config{Hedge: &retry.HedgeConfig{MaxShare: 1}}, slices.Repeat([]func(context.Context) (any, error){plan}, 100)...)
		for range 30 {
			_, _ = call(t.Context(), nil)
		}
		first, start = time.Second, time.Now()
		if _, _ = call(t.Context(), nil); due < 10*ms || due > 30*ms {
			t.Errorf("the second attempt begins after %v", due)
		}
	})
}
