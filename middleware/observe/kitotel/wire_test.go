package kitotel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/go-kit/kit/endpoint"
	grpctransport "github.com/go-kit/kit/transport/grpc"
	httptransport "github.com/go-kit/kit/transport/http"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
)

// What package kitotel returns is what go-kit's transports take.
var (
	_ httptransport.RequestFunc       = kitotel.ContextToHTTP(nil)
	_ httptransport.RequestFunc       = kitotel.HTTPToContext(nil)
	_ grpctransport.ClientRequestFunc = kitotel.ContextToGRPC(nil)
	_ grpctransport.ServerRequestFunc = kitotel.GRPCToContext(nil)
)

// TestOneTraceOverHTTP goes over a real connection between go-kit's own client
// and server.
func TestOneTraceOverHTTP(t *testing.T) {
	there, here := newRig(t, kitotel.Config{}), newRig(t, kitotel.Config{})
	server := httptest.NewServer(httptransport.NewServer(
		observe.Calls(there.config(observe.Server))("Sum")(endpoint.Nop),
		httptransport.NopRequestDecoder,
		func(_ context.Context, w http.ResponseWriter, _ any) error {
			w.WriteHeader(http.StatusNoContent)
			return nil
		},
		httptransport.ServerBefore(kitotel.HTTPToContext(nil)),
	))
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	wire := httptransport.NewClient(http.MethodGet, target,
		func(context.Context, *http.Request, any) error { return nil },
		func(context.Context, *http.Response) (any, error) { return nil, nil },
		httptransport.SetClient(server.Client()),
		httptransport.ClientBefore(kitotel.ContextToHTTP(nil)),
	).Endpoint()
	cfg := here.config(observe.Client)
	call := observe.Calls(cfg)("Sum")(observe.Attempts(cfg)(target.Host)(wire))
	if _, err := call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	server.Close() // the server's span has ended
	wantChild(t, here.spans()[0].SpanContext, there.spans()[0].Parent)
}

func wantChild(t *testing.T, parent, child trace.SpanContext) {
	t.Helper()
	if parent.TraceID() != child.TraceID() || parent.SpanID() != child.SpanID() || !child.IsRemote() || parent.IsSampled() != child.IsSampled() {
		t.Errorf("the server's parent is %v, want the attempt %v", child, parent)
	}
}

func TestOneTraceOverGRPC(t *testing.T) {
	there, here := newRig(t, kitotel.Config{}), newRig(t, kitotel.Config{})
	serve := observe.Calls(there.config(observe.Server))("Sum")(endpoint.Nop)
	wire := func(ctx context.Context, request any) (any, error) { // as go-kit's client and server do
		var md metadata.MD
		kitotel.ContextToGRPC(nil)(ctx, &md)
		return serve(kitotel.GRPCToContext(nil)(context.Background(), md), request)
	}
	_, _ = observe.Attempts(here.config(0))("a:1")(wire)(t.Context(), nil)
	wantChild(t, here.spans()[0].SpanContext, there.spans()[0].Parent)
}

// TestBaggage: what is carried besides the trace, also in metadata that has
// more than one value, and what the metadata had before.
func TestBaggage(t *testing.T) {
	member, err := baggage.NewMember("tenant", "blue")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx := baggage.ContextWithBaggage(t.Context(), bag)
	md := metadata.Pairs("user", "ann")
	kitotel.ContextToGRPC(nil)(ctx, &md)
	md.Append("baggage", "zone=a")
	got := baggage.FromContext(kitotel.GRPCToContext(nil)(t.Context(), md))
	if got.Member("tenant").Value() != "blue" || got.Member("zone").Value() != "a" || md.Get("user")[0] != "ann" {
		t.Errorf("baggage %v, metadata %v", got, md)
	}

	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	kitotel.ContextToHTTP(nil)(ctx, r)
	if got := baggage.FromContext(kitotel.HTTPToContext(nil)(t.Context(), r)); got.Member("tenant").Value() != "blue" {
		t.Errorf("baggage %v", got)
	}
}

func TestAPropagatorOfOnesOwn(t *testing.T) {
	ctx, span := newRig(t, kitotel.Config{}).tracers.Tracer("test").Start(t.Context(), "request")
	defer span.End()
	only := propagation.Baggage{}
	md := metadata.MD{}
	kitotel.ContextToGRPC(only)(ctx, &md)
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	kitotel.ContextToHTTP(only)(ctx, r)
	if len(md) != 0 || len(r.Header) != 0 {
		t.Errorf("%v %v", md, r.Header)
	}
	md.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	r.Header.Set("Traceparent", md.Get("traceparent")[0])
	if kitotel.TraceID(kitotel.GRPCToContext(only)(t.Context(), md)) != "" || kitotel.TraceID(kitotel.HTTPToContext(only)(t.Context(), r)) != "" {
		t.Error("the trace was taken")
	}
	if got := kitotel.TraceID(kitotel.GRPCToContext(nil)(t.Context(), md)); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Error(got)
	}
}

func TestTraceIDs(t *testing.T) {
	for name, tt := range map[string]struct {
		sampler      sdk.Sampler
		any, sampled bool
	}{"sampled": {sdk.AlwaysSample(), true, true}, "not sampled": {sdk.NeverSample(), true, false}} {
		ctx, span := newRig(t, kitotel.Config{}, sdk.WithSampler(tt.sampler)).tracers.Tracer("test").Start(t.Context(), "request")
		id := span.SpanContext().TraceID().String()
		if got := kitotel.TraceID(ctx); (got == id) != tt.any {
			t.Errorf("%s: TraceID = %q", name, got)
		}
		if got := kitotel.SampledTraceID(ctx); (got == id) != tt.sampled || !tt.sampled && got != "" {
			t.Errorf("%s: SampledTraceID = %q", name, got)
		}
	}
	if a, b := kitotel.TraceID(t.Context()), kitotel.SampledTraceID(t.Context()); a != "" || b != "" {
		t.Errorf("without a trace: %q, %q", a, b)
	}
}

func TestRetryEventWithoutATraceOrAnError(t *testing.T) {
	kitotel.RetryEvent(t.Context(), 2, errDown) // must not panic
	r := newRig(t, kitotel.Config{})
	ctx, span := r.tracers.Tracer("test").Start(t.Context(), "request")
	kitotel.RetryEvent(ctx, 2, nil)
	span.End()
	if got := r.spans()[0].Events; len(got) != 1 || len(got[0].Attributes) != 1 {
		t.Errorf("%v", got)
	}
}
