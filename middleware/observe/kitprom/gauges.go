package kitprom

import "github.com/prometheus/client_golang/prometheus"

// Gauges returns a collector of figures that are read when Prometheus asks for
// them: the states of circuits, the instances of a pool. Each of them is what
// read yields, with as many values as there are labels, no two alike.
//
//	kitprom.Gauges("kit_breaker_open", "1 if …", []string{"instance"}, func(yield func(float64, ...string)) {
//		for _, c := range stack.Circuits() { … }
//	})
//
// The read function must be safe for concurrent use, and quick: it is what a
// scrape waits for. A bad name, a wrong number of values, and two figures with
// the same ones are told by the registry, when it registers the collector or is
// gathered.
func Gauges(name, help string, labels []string, read func(yield func(value float64, labels ...string))) prometheus.Collector {
	return &gauges{prometheus.NewDesc(name, help, labels, nil), read}
}

type gauges struct {
	desc *prometheus.Desc
	read func(yield func(float64, ...string))
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

// Collect implements prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	g.read(func(value float64, labels ...string) {
		m, err := prometheus.NewConstMetric(g.desc, prometheus.GaugeValue, value, labels...)
		if err != nil {
			m = prometheus.NewInvalidMetric(g.desc, err)
		}
		ch <- m
	})
}
