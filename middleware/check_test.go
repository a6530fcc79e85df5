package middleware_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/internal/attempt"
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
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// sum is a config in which only Sum is different.
func sum(m middleware.MethodConfig) middleware.ClientConfig {
	return middleware.ClientConfig{Known: []string{"Sum", "Concat"}, Methods: map[string]middleware.MethodConfig{"Sum": m}}
}

func TestClientConfigsThatContradictThemselves(t *testing.T) {
	second := timeout.Config{Timeout: time.Second}
	for want, cfg := range map[string]middleware.ClientConfig{
		"ClientConfig.Retry.AttemptTimeout is 2s and the whole call's Timeout.Timeout 1s: an attempt cannot outlast its call; lower the one or raise the other":                         {Timeout: second},
		"ClientConfig.Breaker.Window is 3s and Retry.AttemptTimeout 2s: calls that hang are forgotten before there are enough of them; want a Window of at least twice the timeout, 4s": {Breaker: breaker.Config{Window: 3 * time.Second}},
		"ClientConfig.ServiceBreaker.Window is 1s and Retry.AttemptTimeout 2s":                                                                                                          {ServiceBreaker: &breaker.Config{Window: time.Second}},
		"ClientConfig.Breaker.ProbeLease is 1s and Retry.AttemptTimeout 2s: a probe that is still under way counts as failed; raise the one or lower the other":                         {Breaker: breaker.Config{ProbeLease: time.Second}},
		"ClientConfig.Bulkhead.MaxWait is 10s and Timeout.Timeout 10s: who waits so long has no time left for the call; lower the one or raise the other":                               {Bulkhead: &bulkhead.Config{MaxWait: 10 * time.Second}},
		"ClientConfig.Methods[\"Sum\"].Retry.AttemptTimeout is 2s and the whole call's Timeout.Timeout 1s":                                                                              sum(middleware.MethodConfig{Timeout: second}),
		"ClientConfig.Breaker.Window is 10s and Methods[\"Sum\"].Retry.AttemptTimeout 6s":                                                                                               sum(middleware.MethodConfig{Retry: retry.Config{AttemptTimeout: 6 * time.Second}}),
		"ClientConfig.Methods[\"Sum\"].Retry.Hedge.Floor is 3s and AttemptTimeout 2s: there never would be a second attempt beside the first":                                           sum(middleware.MethodConfig{Retry: retry.Config{Idempotent: true, Hedge: &retry.HedgeConfig{Floor: 3 * time.Second}}}),
		"ClientConfig.Bulkhead.MaxWait is 100ms and Timeout.Timeout 50ms":                                                                                                               {Timeout: timeout.Config{Timeout: 50 * time.Millisecond}, Retry: retry.Config{AttemptTimeout: 20 * time.Millisecond}, Bulkhead: &bulkhead.Config{}},
		"ClientConfig.Retry.Hedge.Floor is 10ms and AttemptTimeout 5ms":                                                                                                                 {Retry: retry.Config{Idempotent: true, AttemptTimeout: 5 * time.Millisecond, Hedge: &retry.HedgeConfig{}}},
		"ClientConfig.Methods[\"Sum\"] is Once, and its Retry repeats calls that may have been carried out (Idempotent, Faults or Hedge): drop the one or the other":                    sum(middleware.MethodConfig{Once: true, Retry: retry.Config{Idempotent: true}}),
		"in Methods[\"Sum\"].Retry: retry: Config.Hedge needs Idempotent: two instances get the call; set Idempotent if that does no harm, or drop Hedge":                               sum(middleware.MethodConfig{Retry: retry.Config{Hedge: &retry.HedgeConfig{}}}),
		"in Retry: retry: Config.Faults needs Idempotent: a call that failed at the server may have been carried out; set both, or neither":                                             {Retry: retry.Config{Faults: true}},
		"ClientConfig.Methods[\"Sun\"]: there is no such method; want one of Sum, Concat":                                                                                               {Known: []string{"Sum", "Concat"}, Methods: map[string]middleware.MethodConfig{"Sun": {}}},
		"in Observers: observe: Config.Observers[0] is nil":                                                                                                                             {Observers: []observe.Observer{nil}},
		"in Throttle: throttle: Config.K is":             {Throttle: &throttle.Config{K: 0.5}},
		"in Bulkhead: bulkhead: Config.MaxInFlight is":   {Bulkhead: &bulkhead.Config{MaxInFlight: -1}},
		"in Limit: limit: Config.Backoff is":             {Limit: &limit.Config{Backoff: 2}},
		"in Breaker: breaker: Config.Ratio is":           {Breaker: breaker.Config{Ratio: math.NaN()}},
		"in ServiceBreaker: breaker: Config.Ratio is":    {ServiceBreaker: &breaker.Config{Ratio: 2}},
		"in Timeout: timeout: Config.Least is":           {Timeout: timeout.Config{Least: -1}},
		"in Methods[\"Sum\"].Fallback: fallback: Config": sum(middleware.MethodConfig{Fallback: &fallback.Config{}}),
		"in Methods[\"Sum\"].Cache: cache: Config":       sum(middleware.MethodConfig{Cache: &cache.Config{}}),
		"in Methods[\"Sum\"].Coalesce: coalesce: Config": sum(middleware.MethodConfig{Coalesce: &coalesce.Config{}}),
	} {
		stack, err := middleware.Client(cfg)
		if stack != nil || err == nil || !strings.Contains(err.Error(), "middleware: "+want) {
			t.Errorf("%v\n\twant %s", err, want)
		}
	}
}

func TestEveryContradictionIsTold(t *testing.T) {
	_, err := middleware.Client(middleware.ClientConfig{
		Timeout: timeout.Config{Timeout: time.Second},
		Breaker: breaker.Config{Window: time.Second, ProbeLease: time.Minute},
		Methods: map[string]middleware.MethodConfig{"Sum": {Timeout: timeout.Config{Timeout: time.Millisecond}}},
	})
	if n := strings.Count(err.Error(), "\n") + 1; n != 4 {
		t.Errorf("%d lines:\n%v", n, err)
	}
}

func TestConfigsThatAreFine(t *testing.T) {
	for name, cfg := range map[string]middleware.ClientConfig{
		"zero":         {},
		"whole":        whole(),
		"no timeouts":  {Timeout: timeout.Config{Timeout: -1}, Retry: retry.Config{AttemptTimeout: -1}},
		"long attempt": {Timeout: timeout.Config{Timeout: time.Minute}, Retry: retry.Config{AttemptTimeout: 30 * time.Second}, Breaker: breaker.Config{Window: time.Minute, ProbeLease: time.Minute}},
		"no queue, no wait": {
			Timeout:  timeout.Config{Timeout: 50 * time.Millisecond},
			Retry:    retry.Config{AttemptTimeout: 20 * time.Millisecond},
			Bulkhead: &bulkhead.Config{MaxQueue: -1},
		},
		"every method has its own": {
			Timeout: timeout.Config{Timeout: time.Second},
			Known:   []string{"Sum"},
			Methods: map[string]middleware.MethodConfig{"Sum": {Retry: retry.Config{AttemptTimeout: 500 * time.Millisecond}}},
		},
		"once": {
			Retry:   retry.Config{Idempotent: true, Faults: true, Hedge: &retry.HedgeConfig{}},
			Methods: map[string]middleware.MethodConfig{"Pay": {Once: true}, "Buy": {Retry: retry.Config{Attempts: 1}}},
		},
	} {
		stack, err := middleware.Client(cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := stack.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestServerConfigsThatContradictThemselves(t *testing.T) {
	everybody := func(auth.Principal) bool { return true }
	known := &auth.Config{Verifiers: []auth.Verifier{func(context.Context, auth.Credentials) (*auth.Principal, error) { return &auth.Principal{}, nil }}}
	method := func(a *auth.Config, m middleware.ServerMethodConfig) middleware.ServerConfig {
		return middleware.ServerConfig{Auth: a, Known: []string{"Sum"}, Methods: map[string]middleware.ServerMethodConfig{"Sum": m}}
	}
	for want, cfg := range map[string]middleware.ServerConfig{
		"ServerConfig.Methods[\"Sun\"]: there is no such method; want one of Sum":                                                       {Known: []string{"Sum"}, Methods: map[string]middleware.ServerMethodConfig{"Sun": {}}},
		"ServerConfig.Methods[\"Sum\"] is Public and has Allow: nobody would be known to be allowed; drop the one or the other":         method(known, middleware.ServerMethodConfig{Public: true, Allow: everybody}),
		"ServerConfig.Methods[\"Sum\"] has Allow, and there is no Auth to find out who calls: add ServerConfig.Auth":                    method(nil, middleware.ServerMethodConfig{Allow: everybody}),
		"ServerConfig.Methods[\"Sum\"] is Public, and so are all others, since there is no Auth: add ServerConfig.Auth, or drop Public": method(nil, middleware.ServerMethodConfig{Public: true}),
		"in Auth: auth: Config.Verifiers":                    {Auth: &auth.Config{}},
		"in RateLimit: ratelimit: Config":                    {RateLimit: &ratelimit.Config{}},
		"in Observers: observe: Config.Observers[0] is nil":  {Observers: []observe.Observer{nil}},
		"in Limit: limit: Config.Min is":                     {Limit: &limit.Config{Min: -1}},
		"in Methods[\"Sum\"].RateLimit: ratelimit: Config":   method(known, middleware.ServerMethodConfig{RateLimit: &ratelimit.Config{}}),
		"in Methods[\"Sum\"].Timeout: timeout: Config.Least": method(known, middleware.ServerMethodConfig{Timeout: timeout.Config{Least: -1}}),
		"in Timeout: timeout: Config.Least is":               {Timeout: timeout.Config{Least: -1}},
	} {
		stack, err := middleware.Server(cfg)
		if stack != nil || err == nil || !strings.Contains(err.Error(), "middleware: "+want) {
			t.Errorf("%v\n\twant %s", err, want)
		}
	}
}

// TestDefaultsAreThoseOfThePolicies holds the defaults that contradictions are
// computed from against what the policies do.
func TestDefaultsAreThoseOfThePolicies(t *testing.T) {
	hangs := func(ctx context.Context, _ string) (any, error) { return nil, takes(ctx, time.Hour) }
	for name, tt := range map[string]struct {
		cfg  middleware.ClientConfig
		want time.Duration
	}{
		"an attempt": {middleware.ClientConfig{Retry: retry.Config{Attempts: 1}}, 2 * time.Second},
		"a call":     {middleware.ClientConfig{Retry: retry.Config{AttemptTimeout: -1}}, 10 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, start := newClient(t, tt.cfg, roundRobin, names(1), hangs), time.Now()
			_, _ = c.call(t.Context(), nil)
			if took := time.Since(start); took != tt.want {
				t.Errorf("%s takes %v, want %v", name, took, tt.want)
			}
		})
	}
	for gap, opens := range map[time.Duration]bool{8 * time.Second: true, 11 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, middleware.ClientConfig{}, roundRobin, names(1), func(context.Context, string) (any, error) { return nil, status(503) })
			for i := range 5 {
				if i == 4 {
					time.Sleep(gap)
				}
				_, _ = c.call(t.Context(), nil)
			}
			if got := c.stack.Circuits()[0].State == breaker.Open; got != opens {
				t.Errorf("the fifth failure %v after the others opens the circuit: %t, want %t", gap, got, opens)
			}
		})
	}
	for after, again := range map[time.Duration]bool{9 * time.Second: false, 11 * time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			down, probing := true, 0
			stack, err := middleware.Client(middleware.ClientConfig{})
			if err != nil {
				t.Fatal(err)
			}
			defer stack.Close()
			mw, _ := stack.Guard("a")
			call := mw(func(ctx context.Context, _ any) (any, error) {
				if down {
					return nil, status(503)
				}
				probing++
				return nil, takes(ctx, time.Hour)
			})
			for range 5 {
				_, _ = call(t.Context(), nil)
			}
			down = false
			time.Sleep(7 * time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _, _ = call(ctx, nil) }()
			synctest.Wait()
			time.Sleep(after)
			for range 5 { // if the lease is over, the circuit is open for up to 12 s first
				go func() { _, _ = call(ctx, nil) }()
				synctest.Wait()
				time.Sleep(4 * time.Second)
				if !again {
					break
				}
			}
			if got := probing > 1; again && !got || !again && after < 10*time.Second && probing != 1 {
				t.Errorf("%v into a probe, %d calls probe", after, probing)
			}
			cancel()
			synctest.Wait()
		})
	}
}

// TestDefaultsOfWaiting is TestDefaultsAreThoseOfThePolicies for what is waited for
// beside an attempt.
func TestDefaultsOfWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := 0 // the attempts up to this one
		c := newClient(t, middleware.ClientConfig{
			Bulkhead: &bulkhead.Config{MaxInFlight: 1},
			Retry:    retry.Config{Idempotent: true, Attempts: 2, Hedge: &retry.HedgeConfig{}},
		}, roundRobin, names(1), func(ctx context.Context, _ string) (any, error) {
			if attempt.Number(ctx) <= hang {
				return nil, takes(ctx, time.Hour)
			}
			return nil, nil
		})
		for range 1000 {
			_, _ = c.call(t.Context(), nil)
		}
		time.Sleep(time.Second)
		hang = 1
		start := time.Now()
		if _, err := c.call(t.Context(), nil); err != nil || time.Since(start) != 10*time.Millisecond {
			t.Errorf("a second attempt answers after %v, %v; want 10ms", time.Since(start), err)
		}
		hang = 2
		go func() { _, _ = c.call(t.Context(), nil) }()
		synctest.Wait()
		start = time.Now()
		if _, err := c.call(t.Context(), nil); !errors.Is(err, bulkhead.ErrFull) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("in the queue for %v, %v; want 100ms", time.Since(start), err)
		}
	})
}
