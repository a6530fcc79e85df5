package kitotel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
)

var errDown = errors.New("down")

type statusError int

func (e statusError) Error() string   { return fmt.Sprint("status ", int(e)) }
func (e statusError) StatusCode() int { return int(e) }

// rig is an observer with what it has made.
type rig struct {
	*testing.T
	*kitotel.Observer
	recorder *tracetest.SpanRecorder
	reader   *metric.ManualReader
	tracers  *trace.TracerProvider
}

func newRig(t *testing.T, cfg kitotel.Config, opts ...trace.TracerProviderOption) *rig {
	r := &rig{T: t, recorder: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	r.tracers = trace.NewTracerProvider(append(opts, trace.WithSpanProcessor(r.recorder))...)
	cfg.TracerProvider, cfg.MeterProvider = r.tracers, metric.NewMeterProvider(metric.WithReader(r.reader))
	var err error
	if r.Observer, err = kitotel.New(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) config(side observe.Side) observe.Config {
	return observe.Config{Side: side, Service: "addsvc", Observers: []observe.Observer{r.Observer}}
}

// serve makes one call that ends with response and err.
func (r *rig) serve(side observe.Side, response any, err error) {
	_, _ = observe.Calls(r.config(side))("Sum")(func(context.Context, any) (any, error) { return response, err })(r.Context(), nil)
}

// spans returns what has ended, in the order of their ends, and forgets it.
func (r *rig) spans() tracetest.SpanStubs {
	defer r.recorder.Reset()
	return tracetest.SpanStubsFromReadOnlySpans(r.recorder.Ended())
}

// attributes prints the attributes of a span or a measurement.
func attributes(all []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range all {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

// points returns how many calls a histogram has of which attributes.
func (r *rig) points(name string) map[string]uint64 {
	r.Helper()
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &data); err != nil {
		r.Fatal(err)
	}
	points := map[string]uint64{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			if m.Unit != "s" {
				r.Errorf("%s is in %q", name, m.Unit)
			}
			for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
				points[p.Attributes.Encoded(attribute.DefaultEncoder())] += p.Count
			}
		}
	}
	return points
}

func meters() *metric.MeterProvider {
	return metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
}

// tracers samples every call and drops its spans.
func tracers() *trace.TracerProvider {
	return trace.NewTracerProvider(trace.WithSpanProcessor(dropped{}))
}

type dropped struct{}

func (dropped) OnStart(context.Context, trace.ReadWriteSpan) {}
func (dropped) OnEnd(trace.ReadOnlySpan)                     {}
func (dropped) Shutdown(context.Context) error               { return nil }
func (dropped) ForceFlush(context.Context) error             { return nil }
