package kitprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/observe"
)

// streams holds the metrics of a method that streams.
type streams struct {
	open           prometheus.Observer
	sent, received prometheus.Counter
}

// addStreams makes the metrics of methods that stream, from 10 ms to a day: what is
// fine enough for calls says nothing of them.
func (s *side) addStreams(prefix string, cfg Config) {
	labels := []string{"service", "method"}
	opts := histogram(cfg)
	if len(cfg.Buckets) > 0 {
		opts.Buckets = []float64{.01, .1, 1, 10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}
	}
	opts.Name = prefix + "_duration_seconds"
	opts.Help = "How long the streams that have ended were open, from their opening on."
	s.open = prometheus.NewHistogramVec(opts, labels)
	s.messages = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "_messages_total",
		Help: "How many messages the calls that have ended had sent and received by streams.",
	}, with(labels, "direction"))
}

// collectors are what is registered.
func (s *side) collectors() []prometheus.Collector {
	all := []prometheus.Collector{s.total, s.took, s.inFlight}
	if s.open != nil {
		all = append(all, s.open, s.messages)
	}
	return all
}

func (s *side) newStreams(values []string) *streams {
	return &streams{
		open:     s.open.WithLabelValues(values...),
		sent:     s.messages.WithLabelValues(with(values, "sent")...),
		received: s.messages.WithLabelValues(with(values, "received")...),
	}
}

// streamed counts what a call has streamed, if it has.
func (s *series) streamed(r observe.Result) {
	if s.streams == nil || r.Open == 0 && r.Sent == 0 && r.Received == 0 {
		return
	}
	all := s.streams()
	if r.Open > 0 {
		all.open.Observe(r.Open.Seconds())
	}
	all.sent.Add(float64(r.Sent))
	all.received.Add(float64(r.Received))
}
