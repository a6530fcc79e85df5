package middleware_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/cache"
	"github.com/kitgen/kitgen/middleware/coalesce"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/recovery"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/shed"
	"github.com/kitgen/kitgen/middleware/throttle"
)

// watcher is an observer that notes what it sees.
type watcher struct {
	mu   sync.Mutex
	seen []string
	trip func() // called by every Start
}

func (w *watcher) Start(ctx context.Context, c *observe.Call) context.Context {
	if w.trip != nil {
		w.trip()
	}
	return ctx
}

func (w *watcher) End(_ context.Context, c *observe.Call, r observe.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, c.Side.String()+" "+c.Method+" "+c.Instance+" "+c.Breaker+" "+r.Outcome.String())
}

func key(context.Context, any) (string, bool) { return "k", true }

// whole is a config with every policy, and small bounds, so that a place which is
// not given back is missed soon.
func whole() middleware.ClientConfig {
	return middleware.ClientConfig{
		Service:        "addsvc",
		Observers:      []observe.Observer{&watcher{}},
		Throttle:       &throttle.Config{},
		Bulkhead:       &bulkhead.Config{MaxInFlight: 2, MaxQueue: -1},
		ServiceBreaker: &breaker.Config{Consecutive: 1000, MinCalls: 1000},
		Breaker:        breaker.Config{Consecutive: 1000, MinCalls: 1000},
		Limit:          &limit.Config{Initial: 2, Max: 2},
		Retry:          retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{}},
		Methods: map[string]middleware.MethodConfig{"Sum": {
			Coalesce: &coalesce.Config{Key: key},
		}},
		Logger: log.NewNopLogger(),
	}
}

// ends are the ways in which code ends that does not return.
var ends = map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit}

// TestPanicsAnywhereHarmOnlyTheirCall: after many of them, in whatever part of the
// stack, the next calls go through.
func TestPanicsAnywhereHarmOnlyTheirCall(t *testing.T) {
	type place struct {
		name string
		set  func(cfg *middleware.ClientConfig, trip func()) (server func(ctx context.Context) (any, error))
	}
	answer := func(context.Context) (any, error) { return "ok", nil }
	method := func(cfg *middleware.ClientConfig, m middleware.MethodConfig) {
		cfg.Methods = map[string]middleware.MethodConfig{"Sum": m}
	}
	for _, p := range []place{
		{"endpoint, shared", func(_ *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			return func(context.Context) (any, error) { trip(); return "ok", nil }
		}},
		{"endpoint", func(cfg *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			cfg.Methods = nil
			return func(context.Context) (any, error) { trip(); return "ok", nil }
		}},
		{"observer", func(cfg *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			cfg.Observers = []observe.Observer{&watcher{trip: trip}}
			return answer
		}},
		{"cache key", func(cfg *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			method(cfg, middleware.MethodConfig{Cache: &cache.Config{Key: func(context.Context, any) (string, bool) { trip(); return "", false }}})
			return answer
		}},
		{"coalesce key", func(cfg *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			method(cfg, middleware.MethodConfig{Coalesce: &coalesce.Config{Key: func(context.Context, any) (string, bool) { trip(); return "", false }}})
			return answer
		}},
		{"fallback", func(cfg *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			method(cfg, middleware.MethodConfig{Fallback: &fallback.Config{Fallback: func(context.Context, any, error) (any, error) { trip(); return "ok", nil }}})
			return func(context.Context) (any, error) { return nil, status(503) }
		}},
		{"OnRetry", func(cfg *middleware.ClientConfig, trip func()) func(context.Context) (any, error) {
			failing := false
			cfg.Methods = nil
			cfg.Retry.OnRetry = func(context.Context, int, error) { trip() }
			return func(context.Context) (any, error) {
				if failing = !failing; failing {
					return nil, status(503)
				}
				return "ok", nil
			}
		}},
	} {
		for how, end := range ends {
			t.Run(p.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg, tripping := whole(), true
					server := p.set(&cfg, func() {
						if tripping {
							end()
						}
					})
					c := newClient(t, cfg, adaptive, names(3), func(ctx context.Context, _ string) (any, error) { return server(ctx) })
					for range 50 {
						var wg sync.WaitGroup
						wg.Go(func() {
							defer func() { _ = recover() }()
							_, _ = c.call(t.Context(), nil)
						})
						wg.Wait()
						time.Sleep(time.Second)
					}
					tripping = false
					time.Sleep(time.Minute)
					for range 20 {
						if got, err := c.call(t.Context(), nil); got != "ok" || err != nil {
							t.Fatalf("afterwards a call is %v, %v", got, err)
						}
						time.Sleep(time.Second)
					}
					for _, n := range c.pool.Nodes() {
						if n.InFlight != 0 {
							t.Errorf("%s has %d calls in flight", n.ID, n.InFlight)
						}
					}
				})
			})
		}
	}
}

// TestBlockedCallbackDelaysNobody: whoever is told of a circuit and does not
// return keeps no call waiting.
func TestBlockedCallbackDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		cfg := middleware.ClientConfig{Breaker: breaker.Config{OnStateChange: func(string, breaker.State, breaker.State) { <-release }}}
		c := newClient(t, cfg, roundRobin, names(2), func(_ context.Context, instance string) (any, error) {
			if instance == "i0" {
				return nil, status(503)
			}
			return "ok", nil
		})
		start, ok := time.Now(), 0
		for range 100 {
			if _, err := c.call(t.Context(), nil); err == nil {
				ok++
			}
		}
		if time.Since(start) > time.Second || ok < 90 {
			t.Errorf("%d of 100 calls succeeded, after %v", ok, time.Since(start))
		}
		close(release)
	})
}

// TestWhatObserversSee of one call with two attempts.
func TestWhatObserversSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{}
		first := true
		cfg := middleware.ClientConfig{Service: "addsvc", Observers: []observe.Observer{w}, Retry: retry.Config{Idempotent: true}}
		c := newClient(t, cfg, roundRobin, names(1), func(context.Context, string) (any, error) {
			if first {
				first = false
				return nil, status(503)
			}
			return "ok", nil
		})
		if _, err := c.call(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		want := []string{"attempt Sum i0 closed failure", "attempt Sum i0 closed success", "client Sum   success"}
		if len(w.seen) != 3 || w.seen[0] != want[0] || w.seen[1] != want[1] || w.seen[2] != want[2] {
			t.Errorf("seen %q, want %q", w.seen, want)
		}
	})
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inside middleware.ClientStats
		var c client
		cfg := whole()
		c = newClient(t, cfg, adaptive, names(2), func(context.Context, string) (any, error) {
			inside = c.stack.Stats()
			return "ok", nil
		})
		if _, err := c.call(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if inside.Budget.Calls != 1 || inside.Throttle.Requests != 1 || inside.Bulkhead.InFlight != 1 || inside.Service.Instance != "addsvc" || len(inside.Circuits) != 2 {
			t.Errorf("during a call: %+v", inside)
		}
		bare := newClient(t, middleware.ClientConfig{Retry: retry.Config{Unbounded: true}}, adaptive, names(1), nil)
		if got := bare.stack.Stats(); got.Throttle != (throttle.Stats{}) || got.Service != (breaker.Status{}) || got.Budget.Allowed == 0 {
			t.Errorf("of a stack without: %+v", got)
		}
	})
}

func TestServerStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stack, err := middleware.Server(middleware.ServerConfig{
			Service:   "addsvc",
			Logger:    log.NewNopLogger(),
			Shed:      &shed.Config{},
			RateLimit: &ratelimit.Config{Rate: 2},
			Limit:     &limit.Config{},
		})
		if err != nil {
			t.Fatal(err)
		}
		call := func(e endpoint.Endpoint) error { _, err := stack.Method("Sum")(e)(t.Context(), nil); return err }
		if err := call(func(context.Context, any) (any, error) { panic("boom") }); !isPanic(err) {
			t.Errorf("a panic comes out as %v", err)
		}
		if err := call(func(ctx context.Context, _ any) (any, error) { return nil, takes(ctx, time.Hour) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that hangs ends with %v", err)
		}
		for range 2 {
			if err := call(endpoint.Nop); err != nil {
				t.Error(err)
			}
		}
		if err := call(endpoint.Nop); !errors.Is(err, ratelimit.ErrLimited) {
			t.Errorf("a third call at once: %v", err)
		}
	})
}

// TestMethodIsTheSameAgain: whoever asks twice, for HTTP and for gRPC, has no two rates.
func TestMethodIsTheSameAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stack, err := middleware.Server(middleware.ServerConfig{
			Logger:  log.NewNopLogger(),
			Methods: map[string]middleware.ServerMethodConfig{"Sum": {RateLimit: &ratelimit.Config{Rate: 1}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		let := 0
		for range 3 {
			if _, err := stack.Method("Sum")(endpoint.Nop)(t.Context(), nil); err == nil {
				let++
			}
		}
		if let != 1 {
			t.Errorf("%d calls at once, want one a second", let)
		}
	})
}

func TestDrawingOfRatesAndWays(t *testing.T) {
	stack, err := middleware.Server(middleware.ServerConfig{
		Logger:    log.NewNopLogger(),
		Auth:      &auth.Config{Verifiers: []auth.Verifier{func(context.Context, auth.Credentials) (*auth.Principal, error) { return &auth.Principal{}, nil }}},
		RateLimit: &ratelimit.Config{Rate: 1234567.5},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  ratelimit  1234567.5 a second\n", "  auth       1 way to find out who calls\n"} {
		if !strings.Contains(stack.String(), want) {
			t.Errorf("%s\nwant %s", stack, want)
		}
	}
}

func isPanic(err error) bool {
	_, ok := errors.AsType[*recovery.Panic](err)
	return ok
}
