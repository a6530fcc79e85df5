package observe_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/retry"
)

var errDown = errors.New("down")

func returns(response any, err error) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { return response, err }
}

func TestWhatAnObserverIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		side observe.Side
		next endpoint.Endpoint
		want []string
	}{
		"client, success": {observe.Client, returns(3, nil), []string{"start client add/sum", "end client add/sum success: 3, <nil>"}},
		"server, failure": {observe.Server, returns(nil, errDown), []string{"start server add/sum", "end server add/sum failure: <nil>, down"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := &notes{}
			call := observe.Calls(observe.Config{Side: tt.side, Service: "add", Observers: []observe.Observer{n}})("sum")(tt.next)
			gotResponse, gotErr := call(t.Context(), nil)
			wantResponse, wantErr := tt.next(t.Context(), nil)
			if gotResponse != wantResponse || gotErr != wantErr {
				t.Errorf("the caller got %v, %v", gotResponse, gotErr)
			}
			if diff := cmp.Diff(tt.want, n.all); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutObserversItIsTheEndpointItself(t *testing.T) {
	next := returns(nil, nil)
	for name, mw := range map[string]endpoint.Middleware{
		"calls":    observe.Calls(observe.Config{})("sum"),
		"attempts": observe.Attempts(observe.Config{})("a:1"),
	} {
		if reflect.ValueOf(mw(next)).Pointer() != reflect.ValueOf(next).Pointer() {
			t.Errorf("%s: something is around it", name)
		}
	}
}

func TestTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took time.Duration
		o := funcs{
			start: func(ctx context.Context, _ *observe.Call) context.Context { time.Sleep(time.Hour); return ctx },
			end:   func(_ context.Context, _ *observe.Call, r observe.Result) { took = r.Took },
		}
		call := observe.Calls(observe.Config{Observers: []observe.Observer{o}})("sum")(func(context.Context, any) (any, error) {
			time.Sleep(time.Second)
			return nil, nil
		})
		_, _ = call(t.Context(), nil)
		if took != time.Second {
			t.Errorf("took %v, want the call's second without the observer's hour", took)
		}
	})
}

// TestTheLastToStartEndsFirst, and all of them end with what all have added.
func TestTheLastToStartEndsFirst(t *testing.T) {
	var order []string
	o := func(name string) observe.Observer {
		return funcs{
			start: func(ctx context.Context, _ *observe.Call) context.Context {
				order = append(order, "start "+name)
				return context.WithValue(ctx, nameKey{name}, true)
			},
			end: func(ctx context.Context, _ *observe.Call, _ observe.Result) {
				order = append(order, "end "+name)
				for _, other := range []string{"a", "b"} {
					if ctx.Value(nameKey{other}) == nil {
						t.Errorf("the end of %s does not see what %s added", name, other)
					}
				}
			},
		}
	}
	call := observe.Calls(observe.Config{Observers: []observe.Observer{o("a"), funcs{}, o("b")}})("sum")(
		func(ctx context.Context, _ any) (any, error) {
			if ctx.Value(nameKey{"a"}) == nil || ctx.Value(nameKey{"b"}) == nil {
				t.Error("the call does not see what the observers added")
			}
			return nil, nil
		})
	_, _ = call(t.Context(), nil)
	if diff := cmp.Diff([]string{"start a", "start b", "end b", "end a"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnfinishedCalls(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("oh") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			n := &notes{}
			silent := funcs{end: func(context.Context, *observe.Call, observe.Result) { panic("the observer's") }}
			call := observe.Calls(observe.Config{Service: "add", Observers: []observe.Observer{n, silent}})("sum")(
				func(context.Context, any) (any, error) { end(); return nil, nil })
			var got any
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { got = recover() }()
				_, _ = call(t.Context(), nil)
				t.Error("it returned")
			})
			wg.Wait()
			if want := map[string]any{"panic": "oh"}[name]; got != want {
				t.Errorf("recovered %v, want %v", got, want)
			}
			want := []string{"start client add/sum", "end client add/sum failure: <nil>, the call panicked or ended its goroutine"}
			if diff := cmp.Diff(want, n.all); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnObserverThatPanicsHarmsNobody(t *testing.T) {
	n, after := &notes{}, &notes{}
	bad := funcs{
		start: func(context.Context, *observe.Call) context.Context { panic("start") },
		end:   func(context.Context, *observe.Call, observe.Result) { panic("end") },
	}
	var out bytes.Buffer
	cfg := observe.Config{Service: "add", Observers: []observe.Observer{bad, n, bad, after, bad}, Logger: log.NewLogfmtLogger(&out)}
	call := observe.Calls(cfg)("sum")(returns(3, nil))
	for range 2 {
		if response, err := call(t.Context(), nil); response != 3 || err != nil {
			t.Errorf("the caller got %v, %v", response, err)
		}
	}
	if want := []string{"start client add/sum", "end client add/sum success: 3, <nil>", "start client add/sum", "end client add/sum success: 3, <nil>"}; !cmp.Equal(n.all, want) || !cmp.Equal(after.all, want) {
		t.Errorf("the others were told %q and %q", n.all, after.all)
	}
	if got := strings.Count(out.String(), "panic=start"); got != 3 || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("want one line for each that panics, got:\n%s", &out)
	}
}

func TestAttemptsOfARetriedCall(t *testing.T) {
	var got []observe.Call
	o := funcs{start: func(ctx context.Context, c *observe.Call) context.Context { got = append(got, *c); return ctx }}
	cfg := observe.Config{Service: "add", Balancer: "adaptive", Observers: []observe.Observer{o}}
	cfg.Breaker = func(instance string) string { return "closed " + instance }
	fails := 1
	wire := observe.Attempts(cfg)("a:1")(func(context.Context, any) (any, error) {
		fails--
		if fails >= 0 {
			return nil, errDown
		}
		return nil, nil
	})
	call := observe.Calls(cfg)("sum")(retry.New(retry.Config{Idempotent: true, MinBackoff: 1, MaxBackoff: 1})(wire))
	if _, err := call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want := []observe.Call{
		{Side: observe.Client, Service: "add", Method: "sum", Balancer: "adaptive"},
		{Side: observe.Attempt, Service: "add", Method: "sum", Instance: "a:1", Attempt: 1, Breaker: "closed a:1", Balancer: "adaptive"},
		{Side: observe.Attempt, Service: "add", Method: "sum", Instance: "a:1", Attempt: 2, Breaker: "closed a:1", Balancer: "adaptive"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMethods: where it comes from, for a call and for its attempt.
func TestMethods(t *testing.T) {
	byRequest := func(_ context.Context, request any) string { s, _ := request.(string); return s }
	for name, tt := range map[string]struct {
		calls, attempts observe.Config
		request         any
		want            []string
	}{
		"of the call":               {observe.Config{}, observe.Config{}, "x", []string{"sum", "sum"}},
		"by the request":            {observe.Config{Method: byRequest}, observe.Config{}, "concat", []string{"concat", "concat"}},
		"by the request, in both":   {observe.Config{Method: byRequest}, observe.Config{Method: byRequest}, "concat", []string{"concat", "concat"}},
		"unknown by the request":    {observe.Config{Method: byRequest}, observe.Config{Method: byRequest}, 1, []string{"sum", "sum"}},
		"a server's is another one": {observe.Config{Side: observe.Server}, observe.Config{}, "x", []string{"sum", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			o := []observe.Observer{funcs{start: func(_ context.Context, c *observe.Call) context.Context { got = append(got, c.Method); return nil }}}
			tt.calls.Observers, tt.attempts.Observers = o, o
			call := observe.Calls(tt.calls)("sum")(observe.Attempts(tt.attempts)("a:1")(returns(nil, nil)))
			_, _ = call(t.Context(), tt.request)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneValueForManyEndpointsInParallel(t *testing.T) { // for the race detector
	n := &notes{}
	mw := observe.Calls(observe.Config{Service: "add", Observers: []observe.Observer{n}})("sum")
	var wg sync.WaitGroup
	for range 4 {
		call := mw(returns(nil, nil))
		wg.Go(func() {
			for range 100 {
				_, _ = call(t.Context(), nil)
			}
		})
	}
	wg.Wait()
	if len(n.all) != 800 {
		t.Errorf("%d events of 400 calls", len(n.all))
	}
}

func TestClassifyDecides(t *testing.T) {
	n := &notes{}
	cfg := observe.Config{Service: "add", Observers: []observe.Observer{n}}
	cfg.Classify = func(context.Context, any, error) classify.Outcome { return classify.NotSent }
	_, _ = observe.Calls(cfg)("sum")(returns(1, nil))(t.Context(), nil)
	if n.all[1] != "end client add/sum not sent: 1, <nil>" {
		t.Error(n.all[1])
	}
}
