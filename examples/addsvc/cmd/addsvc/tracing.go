package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/middleware/observe/kitotel"
)

// tracing sends the spans of calls to a collector; the zero value does nothing.
type tracing struct {
	provider *trace.TracerProvider
	spans    *kitotel.Observer
}

// newTracing goes by the variables of OpenTelemetry, such as
// OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 (gRPC), OTEL_SERVICE_NAME and
// OTEL_TRACES_SAMPLER. It is zero if none of them names a collector.
func newTracing(ctx context.Context) (tracing, error) {
	endpoint := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	if endpoint == "" || os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return tracing{}, nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return tracing{}, fmt.Errorf("traces to %s: %w", endpoint, err)
	}
	self, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "addsvc")),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return tracing{}, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(self))
	spans, err := kitotel.New(kitotel.Config{TracerProvider: provider, MeterProvider: noop.NewMeterProvider()})
	if err != nil {
		return tracing{}, err
	}
	return tracing{provider: provider, spans: spans}, nil
}

// server has calls over gRPC go on in their callers' traces.
func (t tracing) server() []grpc.ServerOption {
	if t.provider == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.StatsHandler(kitotel.ServerStatsHandler(nil))}
}

// close sends what there still is. A collector that is away costs these two
// seconds and some spans, and is no failure of the process.
func (t tracing) close() {
	if t.provider == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = t.provider.Shutdown(ctx)
}
