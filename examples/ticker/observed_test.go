package ticker

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http/httptest"
	"slices"
	"testing"

	kitsd "github.com/go-kit/kit/sd"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// observer keeps how calls ended, in the order of their ends.
type observer chan seen

// seen is what an observer is told of the end of a call.
type seen struct {
	Side           observe.Side
	Method         string
	Status         int
	Sent, Received int
	Streamed       bool
}

func (o observer) Start(context.Context, *observe.Call) context.Context { return nil }

func (o observer) End(_ context.Context, c *observe.Call, r observe.Result) {
	o <- seen{c.Side, c.Method, r.Status(), r.Sent, r.Received, r.Open > 0}
}

// two answers two trades, and then that its watcher is too slow.
type two struct{ Service }

func (two) Watch(context.Context, ...string) (iter.Seq2[Trade, error], error) {
	return func(yield func(Trade, error) bool) {
		if yield(trade("ACME", 100), nil) && yield(trade("ACME", 110), nil) {
			yield(Trade{}, ErrSlow)
		}
	}, nil
}

// observed is svc over each wire, and what both sides see of it.
func observed(t *testing.T, svc Service, test func(t *testing.T, svc Service, seen observer)) {
	t.Helper()
	for _, wire := range []string{"http", "grpc"} {
		t.Run(wire, func(t *testing.T) {
			seen := make(observer, 100)
			all := []observe.Observer{seen}
			e, err := Compose(MakeEndpoints(svc), middleware.ServerConfig{Observers: all})
			if err != nil {
				t.Fatal(err)
			}
			var c *Client
			if wire == "http" {
				c = newClient(t, serveHTTP(t, e), HTTPFactory(kithttp.ClientConfig{}), all)
			} else {
				c = newClient(t, serveGRPC(t, e), GRPCFactory(), all)
			}
			test(t, c, seen)
			if nodes := c.Nodes(); nodes[0].InFlight != 0 {
				t.Errorf("%d calls are in flight", nodes[0].InFlight)
			}
		})
	}
}

func newClient(t *testing.T, addr string, factory kitsd.Factory, observers []observe.Observer) *Client {
	t.Helper()
	c, err := NewClient(kitsd.FixedInstancer{addr}, factory, ClientConfig{Stack: middleware.ClientConfig{Observers: observers}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// want compares what is told of a call, by side; in which order does not matter.
func (o observer) want(t *testing.T, want ...seen) {
	t.Helper()
	got := make([]seen, len(want))
	for range want {
		s := <-o
		got[slices.IndexFunc(want, func(w seen) bool { return w.Side == s.Side })] = s
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(o) > 0 {
		t.Errorf("told of another, %+v", <-o)
	}
}

// A stream that fails in the middle does so for everybody: who reads it finds the
// service's own error, and who observes it its status.
func TestWatchFailsInTheMiddle(t *testing.T) {
	observed(t, two{}, func(t *testing.T, svc Service, told observer) {
		trades, err := svc.Watch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, last := 0, error(nil)
		for _, err := range trades {
			if last = err; err == nil {
				n++
			}
		}
		if n != 2 || !errors.Is(last, ErrSlow) {
			t.Errorf("%d trades, then %v", n, last)
		}
		told.want(
			t,
			seen{observe.Client, "Watch", 429, 0, 2, true},
			seen{observe.Server, "Watch", 429, 2, 0, true},
			seen{observe.Attempt, "Watch", 429, 0, 2, true},
		)
	})
}

// Who leaves a stream is no failure of anybody's.
func TestWatchIsLeft(t *testing.T) {
	svc := newService()
	report(t, svc, trade("ACME", 100))
	observed(t, svc, func(t *testing.T, svc Service, told observer) {
		trades, err := svc.Watch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(told) > 0 {
			t.Errorf("told of %+v, and it is open", <-told)
		}
		for range trades {
			break
		}
		told.want(
			t,
			seen{observe.Client, "Watch", 200, 0, 1, true},
			seen{observe.Server, "Watch", 499, 1, 0, true},
			seen{observe.Attempt, "Watch", 200, 0, 1, true},
		)
	})
}

func TestReportIsCounted(t *testing.T) {
	observed(t, newService(), func(t *testing.T, svc Service, told observer) {
		report(t, svc, trade("ACME", 100), trade("ACME", 110))
		told.want(
			t,
			seen{observe.Client, "Report", 200, 2, 0, false},
			seen{observe.Server, "Report", 200, 0, 2, false},
			seen{observe.Attempt, "Report", 200, 2, 0, false},
		)
	})
}

// TestOneTrace goes over HTTP to a ticker that asks another one over gRPC.
func TestOneTrace(t *testing.T) {
	all := make(ended, 100)
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(all))
	spans, err := kitotel.New(kitotel.Config{TracerProvider: provider, MeterProvider: noop.NewMeterProvider()})
	if err != nil {
		t.Fatal(err)
	}
	observers := []observe.Observer{spans}
	compose := func(svc Service) Endpoints {
		e, err := Compose(MakeEndpoints(svc), middleware.ServerConfig{Observers: observers})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	behind := newService()
	report(t, behind, trade("ACME", 100))
	asked := newClient(t, serveTraced(t, compose(behind)), GRPCFactory(grpc.WithStatsHandler(kitotel.ClientStatsHandler(nil))), observers)
	front := httptest.NewServer(NewHTTPHandler(compose(asked), httptransport.ServerBefore(kitotel.HTTPToContext(nil))))
	t.Cleanup(front.Close)
	client := newClient(t, front.Listener.Addr().String(), HTTPFactory(kithttp.ClientConfig{}, kitotel.ContextToHTTP(nil)), observers)

	for name, call := range map[string]func(ctx context.Context) error{
		"Last": func(ctx context.Context) error { _, err := client.Last(ctx, "ACME"); return err },
		"Watch": func(ctx context.Context) error {
			trades, err := client.Watch(ctx)
			if err != nil {
				return err
			}
			for range trades {
				break
			}
			return nil
		},
		"Report": func(ctx context.Context) error {
			_, err := client.Report(ctx, slices.Values([]Trade{trade("ACME", 120)}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, request := provider.Tracer("test").Start(t.Context(), "request")
			if err := call(ctx); err != nil {
				t.Fatal(err)
			}
			request.End()
			all.chain(t, request.SpanContext(), 6)
		})
	}
}

func serveTraced(t *testing.T, e Endpoints) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := kitgrpc.NewServer(kitgrpc.Config{}, grpc.StatsHandler(kitotel.ServerStatsHandler(nil)))
	RegisterGRPC(s, e)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// ended gets every span when it ends.
type ended chan trace.ReadOnlySpan

func (ended) OnStart(context.Context, trace.ReadWriteSpan) {}
func (e ended) OnEnd(s trace.ReadOnlySpan)                 { e <- s }
func (ended) Shutdown(context.Context) error               { return nil }
func (ended) ForceFlush(context.Context) error             { return nil }

// chain wants so many spans from one on, each the child of the one before: a call, its
// attempt and what that is for the server, and so on.
func (e ended) chain(t *testing.T, from api.SpanContext, length int) {
	t.Helper()
	children := map[api.SpanID]trace.ReadOnlySpan{}
	for range 1 + length {
		s := <-e
		children[s.Parent().SpanID()] = s
	}
	at := from.SpanID()
	for n := range length {
		s, ok := children[at]
		if !ok || s.SpanContext().TraceID() != from.TraceID() {
			t.Fatalf("the trace ends after %d spans", n)
		}
		at = s.SpanContext().SpanID()
	}
}
