package middleware_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
)

// said is what an interface may say of three methods: that one may be repeated,
// that one may not, and that one takes its time.
func said() map[string]middleware.MethodConfig {
	return map[string]middleware.MethodConfig{
		"Get":  {Retry: retry.Config{Idempotent: true, AttemptTimeout: 500 * time.Millisecond}},
		"Pay":  {Once: true},
		"Sort": {Once: true, Retry: retry.Config{AttemptTimeout: 30 * time.Second}},
	}
}

func TestWhatTheInterfaceSays(t *testing.T) {
	stack, err := middleware.Client(middleware.ClientConfig{ServiceBreaker: &breaker.Config{}}.For("paysvc", said()))
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	want := `calls to paysvc, outermost first
  timeout    10s
  breaker    of the service: 5 failures in a row, or 50 % of 10 or more in 1m; open for 5s to 1m
  retry      3 attempts of 2s each, of calls that were not sent
  pick       lb.Endpoint
  of each instance:
    breaker    5 failures in a row, or 50 % of 10 or more in 1m; open for 5s to 1m
    transport
Get
  timeout    10s
  retry      3 attempts of 500ms each, of calls that failed, but not with 500
Pay
  timeout    10s
  retry      3 attempts of 2s each, of calls that were not sent
Sort
  timeout    2m
  retry      3 attempts of 30s each, of calls that were not sent
`
	if diff := cmp.Diff(want, stack.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestConfigOverridesTheInterface counts how often a call that fails with 503 is
// sent.
func TestConfigOverridesTheInterface(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    middleware.ClientConfig
		method string
		want   int
	}{
		"as the interface says":      {middleware.ClientConfig{}, "Get", 3},
		"and not repeated":           {middleware.ClientConfig{}, "Pay", 1},
		"not even by a wish for all": {middleware.ClientConfig{Retry: retry.Config{Idempotent: true}}, "Pay", 1},
		"a wish for all reaches the others": {
			middleware.ClientConfig{Retry: retry.Config{Attempts: 2}}, "Get", 2,
		},
		"Once overrides idempotent": {
			middleware.ClientConfig{Methods: map[string]middleware.MethodConfig{"Get": {Once: true}}}, "Get", 1,
		},
		"Idempotent overrides once": {
			middleware.ClientConfig{Methods: map[string]middleware.MethodConfig{"Pay": {Retry: retry.Config{Idempotent: true}}}}, "Pay", 3,
		},
		"one field leaves the others": {
			middleware.ClientConfig{Methods: map[string]middleware.MethodConfig{"Get": {Retry: retry.Config{Attempts: 2}}}}, "Get", 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stack, err := middleware.Client(tt.cfg.For("paysvc", said()))
				if err != nil {
					t.Fatal(err)
				}
				defer stack.Close()
				sent := 0
				call := stack.Method(tt.method)(func(context.Context, any) (any, error) {
					sent++
					return nil, status(503)
				})
				if _, err := call(t.Context(), nil); err == nil {
					t.Error("no error")
				}
				if sent != tt.want {
					t.Errorf("sent %d times, want %d", sent, tt.want)
				}
			})
		})
	}
}

func TestForLeavesWhatItIsGiven(t *testing.T) {
	mine := map[string]middleware.MethodConfig{"Get": {Retry: retry.Config{AttemptTimeout: time.Second}}}
	theirs := said()
	cfg := middleware.ClientConfig{Service: "mine", Methods: mine}.For("paysvc", theirs)
	if cfg.Service != "mine" || cfg.Methods["Get"].Retry.AttemptTimeout != time.Second || !cfg.Methods["Get"].Retry.Idempotent {
		t.Errorf("%+v", cfg)
	}
	if mine["Get"].Retry.Idempotent || len(mine) != 1 || theirs["Sort"].Timeout.Timeout != 0 {
		t.Errorf("the maps were changed: %v, %v", mine, theirs)
	}
	rates := map[string]middleware.ServerMethodConfig{"Get": {Timeout: timeout.Config{Least: time.Millisecond}}}
	server := middleware.ServerConfig{Methods: rates}.For("paysvc", theirs)
	if server.Methods["Sort"].Timeout.Timeout != 30*time.Second || server.Methods["Get"].Timeout.Least == 0 || len(rates) != 1 {
		t.Errorf("%+v, and the map that was given is %v", server, rates)
	}
}

// TestForLooksAtWhatTheConfigSays of an attempt, where that overrides the interface.
func TestForLooksAtWhatTheConfigSays(t *testing.T) {
	longer := middleware.ClientConfig{Methods: map[string]middleware.MethodConfig{"Get": {Retry: retry.Config{AttemptTimeout: 40 * time.Second}}}}.For("paysvc", said())
	if err := longer.Validate(); err != nil {
		t.Error(err)
	}
	if got := longer.Methods["Get"].Timeout.Timeout; got != 160*time.Second || longer.Breaker.Window != 80*time.Second || longer.Breaker.ProbeLease != 40*time.Second {
		t.Errorf("a call may take %v, and the breakers are %+v", got, longer.Breaker)
	}
	shorter := middleware.ClientConfig{Methods: map[string]middleware.MethodConfig{"Sort": {Retry: retry.Config{AttemptTimeout: time.Second}}}}.For("paysvc", said())
	if got := shorter.Methods["Sort"].Timeout.Timeout; got != 0 || shorter.Breaker.Window != 0 {
		t.Errorf("a call may take %v, and the breakers are %+v", got, shorter.Breaker)
	}
}

func TestForRefuses(t *testing.T) {
	for want, cfg := range map[string]middleware.ClientConfig{
		`Methods["Got"]: there is no such method; want one of Get, Pay, Sort`: {
			Methods: map[string]middleware.MethodConfig{"Got": {}},
		},
		`Methods["Sort"].Retry.AttemptTimeout is 30s and the whole call's Timeout.Timeout 20s`: {
			Timeout: timeout.Config{Timeout: 20 * time.Second},
		},
		`Breaker.Window is 20s and Methods["Sort"].Retry.AttemptTimeout 30s: `: {
			Breaker: breaker.Config{Window: 20 * time.Second},
		},
		`Methods["Pay"] is Once, and its Retry repeats calls`: {
			Methods: map[string]middleware.MethodConfig{"Pay": {Retry: retry.Config{Hedge: &retry.HedgeConfig{}}}},
		},
	} {
		_, err := middleware.Client(cfg.For("paysvc", said()))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestServersHaveAsMuchTime as the interface says that their clients give them.
func TestServersHaveAsMuchTime(t *testing.T) {
	for _, tt := range []struct {
		cfg    middleware.ServerConfig
		method string
		want   time.Duration
	}{
		{middleware.ServerConfig{}, "Get", 10 * time.Second},
		{middleware.ServerConfig{}, "Sort", 30 * time.Second},
		{middleware.ServerConfig{Timeout: timeout.Config{Timeout: 20 * time.Second}}, "Sort", 20 * time.Second},
		{middleware.ServerConfig{Methods: map[string]middleware.ServerMethodConfig{"Sort": {Timeout: timeout.Config{Timeout: time.Second}}}}, "Sort", time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			stack, err := middleware.Server(tt.cfg.For("paysvc", said()))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = stack.Method(tt.method)(func(ctx context.Context, _ any) (any, error) { return nil, takes(ctx, time.Hour) })(t.Context(), nil)
			if took := time.Since(start); err == nil || took != tt.want {
				t.Errorf("%s ends after %v with %v, want %v", tt.method, took, err, tt.want)
			}
		})
	}
	_, err := middleware.Server(middleware.ServerConfig{Methods: map[string]middleware.ServerMethodConfig{"Got": {}}}.For("paysvc", said()))
	if err == nil || !strings.Contains(err.Error(), "want one of Get, Pay, Sort") {
		t.Error(err)
	}
}

// streaming is what an interface says of a method that answers a stream, and of
// one that takes one.
func streaming() map[string]middleware.MethodConfig {
	unbounded := timeout.Config{Timeout: -1}
	return map[string]middleware.MethodConfig{
		"Watch": {Once: true, Timeout: unbounded, Retry: retry.Config{Streams: true}},
		"Load":  {Once: true, Timeout: unbounded, Retry: retry.Config{AttemptTimeout: -1}},
	}
}

// TestStreamsHaveNoTimeout, whatever other calls have: only what opens one is
// bounded.
func TestStreamsHaveNoTimeout(t *testing.T) {
	seconds := timeout.Config{Timeout: 5 * time.Second}
	stack, err := middleware.Client(middleware.ClientConfig{Timeout: seconds}.For("newssvc", streaming()))
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	server, err := middleware.Server(middleware.ServerConfig{Timeout: seconds}.For("newssvc", streaming()))
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"Watch", "Load"} {
		for side, mw := range map[string]endpoint.Middleware{"client": stack.Method(method), "server": server.Method(method)} {
			_, err := mw(func(ctx context.Context, _ any) (any, error) {
				_, limited := ctx.Deadline()
				if want := side == "client" && method == "Watch"; limited != want {
					t.Errorf("%s at the %s: limited %v, want %v", method, side, limited, want)
				}
				return nil, nil
			})(t.Context(), nil)
			if err != nil {
				t.Error(err)
			}
		}
	}
	own := middleware.ServerConfig{Methods: map[string]middleware.ServerMethodConfig{"Watch": {Timeout: seconds}}}.For("newssvc", streaming())
	if got := own.Methods["Watch"].Timeout; got != seconds {
		t.Errorf("an entry of its own became %+v", got)
	}
}
