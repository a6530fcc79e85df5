package kitotel_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/kitgen/kitgen/middleware/observe/kitotel"
)

// queue is a source of a few figures.
type queue struct{ waiting float64 }

func (q *queue) Kinds(yield func(name, help string, counter bool, labels ...string)) {
	yield("kit_queue_waiting", "How many wait.", false, "priority")
	yield("kit_queue_oldest_seconds", "Since when.", false)
	yield("kit_queue_calls_taken_total", "How many were taken.", true)
	yield("kit_queue_full_ratio", "How full it is, from 0 to 1.", false)
}

func (q *queue) Read(yield func(name string, value float64, labels ...string)) {
	yield("kit_queue_waiting", q.waiting, "low\xff")
	yield("kit_queue_oldest_seconds", 0.5)
	yield("kit_queue_calls_taken_total", 7)
	yield("kit_queue_full_ratio", 0.25)
	yield("unknown", 1)
}

func ExampleFigures() {
	reader := metric.NewManualReader() // for an exporter's
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	registration, err := kitotel.Figures(meters, &queue{waiting: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	var data metricdata.ResourceMetrics
	fmt.Println(reader.Collect(context.Background(), &data))
	for _, m := range data.ScopeMetrics[0].Metrics {
		fmt.Printf("%s %q\n", m.Name, m.Unit)
	}
	fmt.Println(registration.Unregister())
	// Output:
	// <nil>
	// kit.queue.waiting ""
	// kit.queue.oldest "s"
	// kit.queue.calls_taken ""
	// kit.queue.full_ratio "1"
	// <nil>
}

// figures collects all values, by the name and the label.
func figures(t *testing.T, reader *metric.ManualReader) map[string]float64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			var points []metricdata.DataPoint[float64]
			switch d := m.Data.(type) {
			case metricdata.Gauge[float64]:
				points = d.DataPoints
			case metricdata.Sum[float64]:
				if !d.IsMonotonic {
					t.Errorf("%s is no counter", m.Name)
				}
				points = d.DataPoints
			}
			for _, p := range points {
				label, _ := p.Attributes.Value("priority")
				all[m.Name+" "+label.AsString()] = p.Value
			}
		}
	}
	return all
}

func TestFiguresAreReadAtEveryCollection(t *testing.T) {
	reader := metric.NewManualReader()
	q := &queue{waiting: 1}
	registration, err := kitotel.Figures(metric.NewMeterProvider(metric.WithReader(reader)), q)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		want := map[string]float64{"kit.queue.waiting low\uFFFD": q.waiting, "kit.queue.oldest ": .5, "kit.queue.calls_taken ": 7, "kit.queue.full_ratio ": .25}
		if diff := cmp.Diff(want, figures(t, reader)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		q.waiting++
	}
	if err := registration.Unregister(); err != nil {
		t.Error(err)
	}
	if got := figures(t, reader); len(got) != 0 {
		t.Errorf("read after Unregister: %v", got)
	}
}

// brokenGauges is a MeterProvider that takes no gauge.
type brokenGauges struct{ noop.MeterProvider }

func (brokenGauges) Meter(string, ...api.MeterOption) api.Meter { return brokenGaugeMeter{} }

type brokenGaugeMeter struct{ noop.Meter }

func (brokenGaugeMeter) Float64ObservableGauge(string, ...api.Float64ObservableGaugeOption) (api.Float64ObservableGauge, error) {
	return nil, errDown
}

func TestFiguresFail(t *testing.T) {
	if _, err := kitotel.Figures(brokenGauges{}, &queue{}); err == nil || err.Error() != "kitotel: make the metric kit_queue_waiting: down" {
		t.Error(err)
	}
	if _, err := kitotel.Figures(nil, &queue{}); err != nil { // otel's global provider does nothing here
		t.Error(err)
	}
}
