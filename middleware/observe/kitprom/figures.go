package kitprom

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Source has figures that are read when Prometheus asks, such as a kitdebug.Page.
// It must be safe for concurrent use.
type Source interface {
	// Kinds yields every metric there is, always the same ones: its name, its
	// help, whether it only ever grows, and its labels.
	Kinds(yield func(name, help string, counter bool, labels ...string))

	// Read yields the value of metrics that Kinds has named, each with a value for
	// each label, no two of a metric alike.
	Read(yield func(name string, value float64, labels ...string))
}

// Figures returns a collector of all metrics of a source, which is asked once for
// each scrape. What its two methods do not agree about is told by the registry,
// as it is for Gauges.
func Figures(s Source) prometheus.Collector {
	f := &figures{source: s, kinds: make(map[string]metric)}
	s.Kinds(func(name, help string, counter bool, labels ...string) {
		m := metric{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
		if counter {
			m.kind = prometheus.CounterValue
		}
		f.kinds[name] = m
	})
	return f
}

type figures struct {
	source Source
	kinds  map[string]metric // by name
}

// metric is what all values of one name have in common.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range f.kinds {
		ch <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(ch chan<- prometheus.Metric) {
	f.source.Read(func(name string, value float64, labels ...string) {
		kind, ok := f.kinds[name]
		if !ok {
			err := fmt.Errorf("kitprom: Source.Read yields %q, which Source.Kinds does not name", name)
			ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
			return
		}
		m, err := prometheus.NewConstMetric(kind.desc, kind.kind, value, labels...)
		if err != nil {
			m = prometheus.NewInvalidMetric(kind.desc, err)
		}
		ch <- m
	})
}
