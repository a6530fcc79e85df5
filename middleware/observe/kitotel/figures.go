package kitotel

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Source has figures that are read when a reader of metrics collects, such as a
// kitdebug.Page. It is what kitprom.Source is.
type Source interface {
	Kinds(yield func(name, help string, counter bool, labels ...string))
	Read(yield func(name string, value float64, labels ...string))
}

// Figures has p, or otel.GetMeterProvider's if p is nil, read a source at every
// collection, until the registration it returns is undone. The instruments are
// observable gauges and counters; kit_sd_source_age_seconds is
// kit.sd.source_age with the unit s, and kit_sd_watch_breaks_total is
// kit.sd.watch_breaks, of which OpenTelemetry's exporters to Prometheus make the
// source's names again.
func Figures(p metric.MeterProvider, s Source) (metric.Registration, error) {
	if p == nil {
		p = otel.GetMeterProvider()
	}
	f := figures{p.Meter(scope), make(map[string]figure)}
	var all []metric.Observable
	var failed error
	s.Kinds(func(name, help string, counter bool, labels ...string) {
		o, err := f.instrument(name, help, counter)
		if err != nil && failed == nil {
			failed = fmt.Errorf("kitotel: make the metric %s: %w", name, err)
		}
		f.by[name] = figure{o, labels}
		all = append(all, o)
	})
	if failed != nil {
		return nil, failed
	}
	registration, err := f.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s.Read(func(name string, value float64, labels ...string) {
			if k, ok := f.by[name]; ok {
				o.ObserveFloat64(k.Float64Observable, value, metric.WithAttributes(k.attributes(labels)...))
			}
		})
		return nil
	}, all...)
	if err != nil {
		return nil, fmt.Errorf("kitotel: register figures: %w", err)
	}
	return registration, nil
}

type figures struct {
	meter metric.Meter
	by    map[string]figure // by the source's name
}

// figure is one instrument.
type figure struct {
	metric.Float64Observable

	labels []string
}

func (f *figures) instrument(name, help string, counter bool) (metric.Float64Observable, error) {
	name, _ = strings.CutSuffix(name, "_total")
	name, seconds := strings.CutSuffix(name, "_seconds")
	unit := "" // with 1, exporters to Prometheus would add _ratio to the name of a gauge
	switch {
	case seconds:
		unit = "s"
	case strings.HasSuffix(name, "_ratio"):
		unit = "1"
	}
	name = strings.Replace(name, "_", ".", 2) // kit, the part, and the rest
	if counter {
		return f.meter.Float64ObservableCounter(name, metric.WithDescription(help), metric.WithUnit(unit))
	}
	return f.meter.Float64ObservableGauge(name, metric.WithDescription(help), metric.WithUnit(unit))
}

func (f figure) attributes(values []string) []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, len(values))
	for i, v := range values[:min(len(values), len(f.labels))] {
		all = append(all, attribute.String(f.labels[i], valid(v)))
	}
	return all
}
