package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
)

// telemetry is where the metrics and traces of a process go.
type telemetry struct {
	registry  *prometheus.Registry
	tracers   *trace.TracerProvider
	observers []observe.Observer // of every call it makes and serves
}

// newTelemetry is for a process of that name, whose spans go to an exporter.
func newTelemetry(process string, exporter trace.SpanExporter) (*telemetry, error) {
	registry := prometheus.NewRegistry()
	tracers := trace.NewTracerProvider(
		trace.WithSyncer(exporter), // a service has WithBatcher here, and otlptracegrpc.New's exporter
		trace.WithResource(resource.NewSchemaless(attribute.String("service.name", process))))
	spans, err := kitotel.New(kitotel.Config{TracerProvider: tracers})
	if err != nil {
		return nil, err
	}
	metrics, err := kitprom.New(kitprom.Config{Registerer: registry, TraceID: kitotel.SampledTraceID})
	if err != nil {
		return nil, err
	}
	return &telemetry{registry, tracers, []observe.Observer{spans, metrics}}, nil
}
