package lb

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// The words that calls write share no pair of cache lines with another node's,
// nor with what every pick reads.
func TestNodeLayout(t *testing.T) {
	var n node
	if at := unsafe.Offsetof(n.barred); at%128 != 0 || at < unsafe.Offsetof(n.warmth) {
		t.Errorf("what calls write is at %d, want a multiple of 128 behind what is only read", at)
	}
	if size := unsafe.Sizeof(n); size <= 240 || size > 256 {
		t.Errorf("a node has %d bytes, want 241 to 256, which the allocator aligns to 256", size)
	}
	a := fixed(t, new(fleet), PoolConfig{}, "a").snap.Load().all[0].node.load
	if uintptr(unsafe.Pointer(a))%128 != 0 {
		t.Error("a load in a small pool has no pair of cache lines to itself")
	}
	if size := unsafe.Sizeof(load{}); size != 16 {
		t.Errorf("a load has %d bytes, want 16: four fit a cache line", size)
	}
	if size := unsafe.Sizeof(rotation{}); size < 256 {
		t.Errorf("a rotation has %d bytes, want the cursor alone on its lines", size)
	}
}

func TestProperty3HoweverACallEndsItEnds(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name            string
		serve           endpoint.Endpoint
		calls, failures uint64
		success         float64
		latency         time.Duration
	}{
		{"success", func(context.Context, any) (any, error) { time.Sleep(time.Second); return 1, nil }, 1, 0, 1, time.Second},
		{"failure", func(context.Context, any) (any, error) { time.Sleep(time.Second); return nil, boom }, 1, 1, 0.9, 0},
		{"not sent", func(context.Context, any) (any, error) { return nil, unsent("refused") }, 1, 1, 0.9, 0},
		{"panic", func(context.Context, any) (any, error) { panic(boom) }, 1, 1, 0.9, 0},
		{"goexit", func(context.Context, any) (any, error) { runtime.Goexit(); return nil, nil }, 1, 1, 0.9, 0},
		{"cancel", func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, ctx.Err() }, 1, 0, 1, 0},
		{"stream", func(context.Context, any) (any, error) { return ended{}, nil }, 1, 0, 1, 1},
	} {
		for _, way := range []string{"call", "force", "offer"} {
			t.Run(c.name+"/"+way, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					p := start(t, newSource(at("a")...), &fleet{serve: map[string]endpoint.Endpoint{"a": c.serve}}, PoolConfig{})
					n := nodeOf(t, p, "a")
					e := map[string]endpoint.Endpoint{"call": n.call, "force": n.force, "offer": n.offer}[way]
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(2*time.Second, cancel)
					go func() {
						defer func() {
							if r := recover(); r != nil && r != boom {
								t.Errorf("panic is %v, want the endpoint's own", r)
							}
						}()
						e(ctx, nil)
					}()
					time.Sleep(3 * time.Second)
					s := p.Nodes()[0]
					want := NodeStats{Instance: s.Instance, Connected: true, Ready: true, Calls: c.calls, Failures: c.failures, Success: c.success, Latency: c.latency}
					if s.InFlight != 0 || s.Calls != want.Calls || s.Failures != want.Failures || s.Success != want.Success || s.Latency != want.Latency {
						t.Errorf("stats are %+v, want %+v", s, want)
					}
				})
			})
		}
	}
}

// ended is a stream that is over already, and says so twice.
type ended struct{}

func (ended) OnEnd(f func(error)) { f(nil); f(errors.New("told twice")) }

func TestAStreamIsInFlightUntilItEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stream{}
		src := newSource(at("a")...)
		f := &fleet{serve: map[string]endpoint.Endpoint{"a": func(context.Context, any) (any, error) { return s, nil }}}
		p := start(t, src, f, PoolConfig{})
		all, _ := p.Endpoints()
		if _, err := all[0](t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if got := p.Nodes()[0]; got.InFlight != 1 || got.Calls != 1 {
			t.Errorf("stats %+v, want the stream in flight", got)
		}
		src.set()
		time.Sleep(20 * time.Second)
		wantCount(t, f, "a", 1, 0)
		s.end(nil)
		synctest.Wait()
		wantCount(t, f, "a", 1, 1)
	})
}

// TestHowAStreamEnds: it has been a success when it opened, which its latency is of,
// and one that fails later is a failure of its instance.
func TestHowAStreamEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		cancel bool // by the caller, before
		failed uint64
	}{
		"well":              {nil, false, 0},
		"failed":            {errors.New("cut"), false, 1},
		"the caller left":   {context.Canceled, true, 0},
		"its server stops":  {comeAgain{}, false, 0},
		"an error it knows": {statusOf(404), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &stream{}
				p := start(t, newSource(at("a")...), &fleet{serve: map[string]endpoint.Endpoint{"a": func(context.Context, any) (any, error) {
					time.Sleep(time.Second)
					return s, nil
				}}}, PoolConfig{Outliers: &OutlierConfig{}})
				n, ctx := nodeOf(t, p, "a"), t.Context()
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				if _, err := n.call(ctx, nil); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				if tt.cancel {
					cancel()
				}
				for range 2 { // once counts
					s.end(tt.err)
				}
				got := p.Nodes()[0]
				if got.InFlight != 0 || got.Calls != 1 || got.Failures != tt.failed || got.Latency != time.Second || (got.Success < 1) != (tt.failed > 0) {
					t.Errorf("stats are %+v, want %d failures and the latency of the opening", got, tt.failed)
				}
				if bad := n.trial.newBad.Load(); uint64(bad) != tt.failed {
					t.Errorf("%d failures for those who judge outliers", bad)
				}
				if _, err := n.call(t.Context(), nil); err != nil { // the first in an hour, for which all that is old is forgotten
					t.Fatal(err)
				}
				if success := p.Nodes()[0].Success; 1-success < (1-got.Success)/2 {
					t.Errorf("its success is %v, and was %v a call ago", success, got.Success)
				}
				s.end(nil)
			})
		})
	}
}

// comeAgain is what a server that stops ends its streams with.
type comeAgain struct{}

func (comeAgain) Error() string                     { return "stopping" }
func (comeAgain) StatusCode() int                   { return 503 }
func (comeAgain) RetryAfter() (time.Duration, bool) { return 0, true }

type statusOf int

func (s statusOf) Error() string   { return "status" }
func (s statusOf) StatusCode() int { return int(s) }

type stream struct{ end func(error) }

func (s *stream) OnEnd(f func(error)) { s.end = f }

// The guard is inside the counting and outside the observing.
func TestTheGuardsPlace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(at("a")...), new(fleet), PoolConfig{
			Guard: func(string) (endpoint.Middleware, func() bool) {
				return func(next endpoint.Endpoint) endpoint.Endpoint {
					return func(ctx context.Context, request any) (any, error) {
						time.Sleep(time.Second) // waits in a bulkhead
						if request == "refuse" {
							return nil, errShut
						}
						return next(ctx, request)
					}
				}, nil
			},
		})
		n := nodeOf(t, p, "a")
		go n.call(t.Context(), "refuse")
		synctest.Wait()
		if n.calling() != 1 {
			t.Error("a call that waits in the guard is not in flight")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s := p.Nodes()[0]; s.InFlight != 0 || s.Calls != 0 || s.Success != 1 {
			t.Errorf("stats %+v after a rejection, want none", s)
		}
		n.call(t.Context(), nil)
		if got := n.latency.load(); got != 1 {
			t.Errorf("latency %v, want the instance's alone", got)
		}
		if _, err := n.force(t.Context(), "refuse"); err != nil {
			t.Errorf("the panic way met the guard: %v", err)
		}
	})
}

func TestClassifyDecides(t *testing.T) {
	f := new(fleet)
	var outcome classify.Outcome
	p := fixed(t, f, PoolConfig{Classify: func(_ context.Context, response any, _ error) classify.Outcome {
		if response != "a" {
			t.Errorf("classify sees response %v", response)
		}
		return outcome
	}}, "a")
	n := nodeOf(t, p, "a")
	p.relaxed.Store(math.MaxInt64 / 2) // and nothing else moves it
	for outcome = range classify.Fault + 1 {
		n.failing.store(0.5)
		n.call(t.Context(), nil)
		want := map[classify.Outcome]float64{classify.Success: 0.45, classify.Excluded: 0.5}[outcome]
		if outcome.Failed() || outcome == classify.Throttled {
			want = 0.55
		}
		if got := n.failing.load(); got != want {
			t.Errorf("%v moved the failure average from 0.5 to %v, want %v", outcome, got, want)
		}
	}
}

func TestTheNodeTellsTheRetryWhereItWent(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a")
	n := nodeOf(t, p, "a")
	for name, e := range map[string]endpoint.Endpoint{"call": n.call, "force": n.force, "offer": n.offer} {
		ctx := attempt.Start(t.Context(), 0)
		if _, err := e(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if !attempt.From(ctx).Tried("a") {
			t.Errorf("%s did not add its ID to the instances tried", name)
		}
		_, err := n.offer(ctx, nil)
		if err == nil || err.Error() != "instance a: already tried by this call" || !notSent(err) {
			t.Errorf("the second offer ended with %v", err)
		}
	}
}
