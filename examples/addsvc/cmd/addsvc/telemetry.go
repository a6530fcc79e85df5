package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/middleware/observe/kitprom"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"

	"github.com/kitgen/kitgen/examples/addsvc"
)

// telemetry is what others can see of the process: the metrics of its calls,
// their traces if somebody collects them, and a page.
type telemetry struct {
	metrics   *prometheus.Registry
	observers []observe.Observer
	tracing   tracing
}

func newTelemetry(ctx context.Context) (*telemetry, error) {
	metrics := prometheus.NewRegistry()
	calls, err := kitprom.New(kitprom.Config{Registerer: metrics, TraceID: kitotel.SampledTraceID})
	if err != nil {
		return nil, err
	}
	failures := observe.Log(observe.LogConfig{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), TraceID: kitotel.TraceID})
	t := &telemetry{metrics: metrics, observers: []observe.Observer{calls, failures}}
	if t.tracing, err = newTracing(ctx); err != nil {
		return nil, err
	}
	if t.tracing.spans != nil {
		t.observers = append(t.observers, t.tracing.spans)
	}
	return t, errors.Join(
		metrics.Register(collectors.NewGoCollector()),
		metrics.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})),
	)
}

// page serves, on an address of its own, what the process is doing: for people
// at /debug/kit and, of the API, at /docs, for Prometheus at /metrics.
func (t *telemetry) page(o options, shown kitdebug.Config) (transport.Server, error) {
	shown.Public = o.debugPublic
	shown.Also = map[string]http.Handler{"/metrics": promhttp.HandlerFor(t.metrics, promhttp.HandlerOpts{EnableOpenMetrics: true})}
	docs := addsvc.NewDocsHandler()
	shown.Also["/docs"], shown.Also["/openapi.json"] = docs, docs
	page, err := kitdebug.New(shown)
	if err != nil {
		return transport.Server{}, err
	}
	if err := t.metrics.Register(kitprom.Figures(page)); err != nil {
		return transport.Server{}, err
	}
	l, err := kitdebug.Listen("debug-addr", o.debugAddr, o.debugPublic)
	if err != nil {
		return transport.Server{}, err
	}
	return kitdebug.Server(l, page), nil
}
