package gokit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitprometheus "github.com/go-kit/kit/metrics/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/gokit"
)

// calls returns go-kit's counter and histogram over a registry.
func calls() (*prometheus.Registry, gokit.MetricsConfig) {
	registry := prometheus.NewRegistry()
	labels := []string{"side", "service", "method", "outcome"}
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls_total", Help: "Calls."}, append(labels, "code"))
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "call_seconds", Help: "Durations.", Buckets: []float64{100}}, labels)
	registry.MustRegister(counter, seconds)
	return registry, gokit.MetricsConfig{Calls: kitprometheus.NewCounter(counter), Seconds: kitprometheus.NewHistogram(seconds)}
}

func TestMetrics(t *testing.T) {
	registry, cfg := calls()
	cfg.Methods = 1
	oc := observe.Config{Service: "addsvc", Observers: []observe.Observer{gokit.Metrics(cfg)}}
	fail := func(context.Context, any) (any, error) { return nil, errDown }
	for _, call := range []endpoint.Endpoint{
		observe.Calls(oc)("Sum")(endpoint.Nop), observe.Calls(oc)("Sum")(endpoint.Nop), observe.Calls(oc)("Sum")(fail),
		observe.Calls(oc)("x")(endpoint.Nop), observe.Calls(oc)("y")(endpoint.Nop),
	} {
		_, _ = call(t.Context(), nil)
	}
	oc.Side = observe.Server
	oc.Classify = func(context.Context, any, error) classify.Outcome { return 99 }
	_, _ = observe.Calls(oc)("Sum")(endpoint.Nop)(t.Context(), nil)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{code="200",method="Sum",outcome="other",service="addsvc",side="server"} 1
calls_total{code="200",method="Sum",outcome="success",service="addsvc",side="client"} 2
calls_total{code="200",method="other",outcome="success",service="addsvc",side="client"} 2
calls_total{code="500",method="Sum",outcome="failure",service="addsvc",side="client"} 1
`), "calls_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "call_seconds"); n != 4 || err != nil {
		t.Errorf("%d series of durations, %v", n, err)
	}
}

func TestMetricsOfStreams(t *testing.T) {
	registry := prometheus.NewRegistry()
	labels := []string{"side", "service", "method"}
	open := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "open_seconds", Help: "Streams.", Buckets: []float64{100}}, labels)
	many := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "messages_total", Help: "Messages."}, append(labels, "direction"))
	registry.MustRegister(open, many)
	for _, cfg := range []gokit.MetricsConfig{{}, {Open: kitprometheus.NewHistogram(open), Messages: kitprometheus.NewCounter(many)}} {
		o := gokit.Metrics(cfg)
		c := &observe.Call{Service: "addsvc", Method: "Watch"}
		for _, r := range []observe.Result{{}, {Open: time.Second, Received: 7}, {Sent: 2}} {
			o.End(o.Start(t.Context(), c), c, r)
		}
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP messages_total Messages.
# TYPE messages_total counter
messages_total{direction="received",method="Watch",service="addsvc",side="client"} 7
messages_total{direction="sent",method="Watch",service="addsvc",side="client"} 2
# HELP open_seconds Streams.
# TYPE open_seconds histogram
open_seconds_bucket{method="Watch",service="addsvc",side="client",le="100"} 1
open_seconds_bucket{method="Watch",service="addsvc",side="client",le="+Inf"} 1
open_seconds_sum{method="Watch",service="addsvc",side="client"} 1
open_seconds_count{method="Watch",service="addsvc",side="client"} 1
`)); err != nil {
		t.Error(err)
	}
}

func TestEitherMetricMayBeMissing(t *testing.T) {
	registry, both := calls()
	for _, cfg := range []gokit.MetricsConfig{{}, {Calls: both.Calls}, {Seconds: both.Seconds}} {
		o := gokit.Metrics(cfg)
		c := &observe.Call{Service: "addsvc"}
		o.End(o.Start(t.Context(), c), c, observe.Result{})
	}
	if n, err := testutil.GatherAndCount(registry); n != 2 || err != nil {
		t.Errorf("%d series, %v; want one of each", n, err)
	}
}

func TestMetricsConfigValidate(t *testing.T) {
	bad := gokit.MetricsConfig{Methods: -1}
	err := bad.Validate()
	if err == nil || err.Error() != "gokit: MetricsConfig.Methods is -1: want at least 1, or 0 for 1000" {
		t.Errorf("%v", err)
	}
	if got := (gokit.MetricsConfig{}).Validate(); got != nil {
		t.Errorf("the zero value: %v", got)
	}
	defer func() {
		if p := recover(); p == nil || p.(error).Error() != err.Error() {
			t.Errorf("Metrics panics with %v", p)
		}
	}()
	gokit.Metrics(bad)
}

func TestAllocations(t *testing.T) {
	_, cfg := calls()
	oc := observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{gokit.Metrics(cfg)}}
	call := observe.Calls(oc)("Sum")(endpoint.Nop)
	// go-kit's Prometheus makes a map of the labels each time, twice.
	bare := testing.AllocsPerRun(100, func() {
		cfg.Calls.With("side", "server", "service", "a", "method", "Sum", "outcome", "success", "code", "200").Add(1)
	})
	if n := testing.AllocsPerRun(100, func() { _, _ = call(t.Context(), nil) }); n >= bare {
		t.Errorf("%v allocations, %v with labels that are not remembered", n, bare)
	}
}

func BenchmarkSuccess(b *testing.B) {
	_, cfg := calls()
	oc := observe.Config{Side: observe.Server, Service: "addsvc", Observers: []observe.Observer{gokit.Metrics(cfg)}}
	call := observe.Calls(oc)("Sum")(endpoint.Nop)
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		_, _ = call(ctx, nil)
	}
}
