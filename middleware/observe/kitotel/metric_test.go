package kitotel_test

import (
	"context"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
)

func TestDurations(t *testing.T) {
	r := newRig(t, kitotel.Config{})
	for range 2 {
		r.serve(observe.Client, nil, nil)
		r.serve(observe.Server, nil, statusError(404))
	}
	r.serve(observe.Server, nil, errDown)
	cfg := r.config(0)
	_, _ = observe.Attempts(cfg)("a:1")(endpoint.Nop)(t.Context(), nil)
	for name, want := range map[string]map[string]uint64{
		"rpc.client.call.duration": {"kit.outcome=success,rpc.method=addsvc/Sum,rpc.response.status_code=200,rpc.system.name=go-kit,server.address=addsvc": 2},
		"rpc.server.call.duration": {
			"kit.outcome=success,rpc.method=addsvc/Sum,rpc.response.status_code=404,rpc.system.name=go-kit":                2,
			"error.type=500,kit.outcome=failure,rpc.method=addsvc/Sum,rpc.response.status_code=500,rpc.system.name=go-kit": 1,
		},
		"kit.client.attempt.duration": {"kit.outcome=success,rpc.method=addsvc/_OTHER,rpc.response.status_code=200,rpc.system.name=go-kit": 1},
	} {
		if diff := cmp.Diff(want, r.points(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAMeasurementLeadsToItsTrace(t *testing.T) {
	r := newRig(t, kitotel.Config{})
	r.serve(observe.Client, nil, nil)
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	p := data.ScopeMetrics[0].Metrics[0].Data.(metricdata.Histogram[float64]).DataPoints[0]
	want := r.spans()[0].SpanContext.TraceID()
	if len(p.Exemplars) != 1 || string(p.Exemplars[0].TraceID) != string(want[:]) {
		t.Errorf("exemplars %v, want one of %v", p.Exemplars, want)
	}
}

// broken is a MeterProvider that takes no histogram.
type broken struct{ noop.MeterProvider }

func (broken) Meter(string, ...metric.MeterOption) metric.Meter { return brokenMeter{} }

type brokenMeter struct{ noop.Meter }

func (brokenMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errDown
}

func TestNewFails(t *testing.T) {
	for want, cfg := range map[string]kitotel.Config{
		"kitotel: make a metric: down":                                  {MeterProvider: broken{}},
		"kitotel: Config.Methods is -1: want at least 1, or 0 for 1000": {Methods: -1},
	} {
		if o, err := kitotel.New(cfg); err == nil || err.Error() != want || o != nil {
			t.Errorf("%v, %v; want %q", o, err, want)
		}
	}
}

// TestZeroConfig: with otel's global providers, which do nothing here.
func TestZeroConfig(t *testing.T) {
	o, err := kitotel.New(kitotel.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c := &observe.Call{Service: "addsvc", Method: "Sum"}
	o.End(o.Start(t.Context(), c), c, observe.Result{})
}

func TestAllocationsWithoutATrace(t *testing.T) {
	o, err := kitotel.New(kitotel.Config{TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: noop.NewMeterProvider()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{o}}
	call := observe.Calls(cfg)("Sum")(endpoint.Nop)
	if n := testing.AllocsPerRun(100, func() { _, _ = call(t.Context(), nil) }); n > 1 { // otel's own: the context with a span that does nothing
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSuccess(b *testing.B) {
	for name, cfg := range map[string]kitotel.Config{
		"nothing": {TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: noop.NewMeterProvider()},
		"metrics": {TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: meters()},
		"traces":  {TracerProvider: tracers(), MeterProvider: noop.NewMeterProvider()},
	} {
		o, err := kitotel.New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		call := observe.Calls(observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{o}})("Sum")(endpoint.Nop)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = call(ctx, nil)
			}
		})
	}
}
