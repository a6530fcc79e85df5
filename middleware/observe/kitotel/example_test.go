package kitotel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-kit/kit/endpoint"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/retry"
)

func ExampleNew() {
	spans := tracetest.NewSpanRecorder() // for an exporter
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	traces, err := kitotel.New(kitotel.Config{TracerProvider: provider})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := observe.Config{Service: "addsvc", Observers: []observe.Observer{traces}}
	instance := observe.Attempts(cfg)("10.0.0.1:8080")(endpoint.Nop)
	sum := observe.Calls(cfg)("Sum")(retry.New(retry.Config{OnRetry: kitotel.RetryEvent})(instance))
	_, _ = sum(context.Background(), nil)

	for _, s := range spans.Ended() {
		fmt.Println(s.Name(), s.SpanKind())
	}
	// Output:
	// attempt addsvc/Sum client
	// addsvc/Sum client
}

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func ExampleHTTPToContext() {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/sum", nil)
	r.Header.Set("Traceparent", traceparent)
	ctx := kitotel.HTTPToContext(nil)(context.Background(), r) // by httptransport.ServerBefore
	fmt.Println(kitotel.TraceID(ctx))
	// Output: 4bf92f3577b34da6a3ce929d0e0e4736
}

func ExampleContextToHTTP() {
	ctx := kitotel.GRPCToContext(nil)(context.Background(), metadata.Pairs("traceparent", traceparent))
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/sum", nil)
	kitotel.ContextToHTTP(nil)(ctx, r) // by httptransport.ClientBefore
	fmt.Println(r.Header.Get("Traceparent"))
	// Output: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
}

func ExampleGRPCToContext() {
	md := metadata.Pairs("traceparent", traceparent)
	ctx := kitotel.GRPCToContext(nil)(context.Background(), md) // by grpctransport.ServerBefore
	fmt.Println(kitotel.SampledTraceID(ctx))
	// Output: 4bf92f3577b34da6a3ce929d0e0e4736
}

func ExampleContextToGRPC() {
	ctx := kitotel.GRPCToContext(nil)(context.Background(), metadata.Pairs("traceparent", traceparent))
	md := metadata.MD{}
	kitotel.ContextToGRPC(nil)(ctx, &md) // by grpctransport.ClientBefore
	fmt.Println(md.Get("traceparent"))
	// Output: [00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01]
}

func ExampleConfig_Validate() {
	fmt.Println(kitotel.Config{Methods: -1}.Validate())
	// Output: kitotel: Config.Methods is -1: want at least 1, or 0 for 1000
}
