package kitprom

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

// other is the label of what there are too many of.
const other = "other"

// side holds the metrics of all calls that are seen from one side.
type side struct {
	total    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	open     *prometheus.HistogramVec // of streams; nil for attempts, which would only say it again
	messages *prometheus.CounterVec   // likewise

	methods   *table.Methods[*method]
	others    *table.Table[string, *method] // of methods for which there is no room, by service
	instances int                           // how many have a label of their own for each method; 0: there is no such label
}

func newSide(of observe.Side, cfg Config) *side {
	prefix, what := "kit_"+of.String()+"_call", "calls a "+of.String()+" saw"
	labels := []string{"service", "method"}
	if of == observe.Attempt {
		prefix, what = "kit_client_attempt", "attempts of a client's calls"
	}
	s := &side{}
	if of == observe.Attempt && cfg.Instances > 0 {
		labels, s.instances = with(labels, "instance"), cfg.Instances
	}
	s.total = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "s_total",
		Help: "How many " + what + ", by what came of them and the HTTP status that says it.",
	}, with(labels, "outcome", "code"))
	opts := histogram(cfg)
	opts.Name, opts.Help = prefix+"_duration_seconds", "How long the "+what+" took, by what came of them; streams until they opened."
	s.took = prometheus.NewHistogramVec(opts, with(labels, "outcome"))
	s.inFlight = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: prefix + "s_in_flight",
		Help: "How many " + what + " have not ended yet.",
	}, labels)
	if of != observe.Attempt {
		s.addStreams("kit_"+of.String()+"_stream", cfg)
	}
	s.methods = table.NewMethods(cfg.Methods, s.method)
	s.others = table.New(math.MaxInt, func(service string) *method { return s.method(service, other) })
	return s
}

// histogram is one of durations.
func histogram(cfg Config) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Buckets:                         cfg.Buckets,
		NativeHistogramBucketFactor:     cfg.NativeFactor,
		NativeHistogramMaxBucketNumber:  160, // as OpenTelemetry's exponential histograms have
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// of returns the metrics of a call's method, at its instance if that is a label.
func (s *side) of(c *observe.Call) *series {
	m, ok := s.methods.Get(c.Service, c.Method)
	if !ok {
		m, _ = s.others.Get(c.Service)
	}
	return m.at(c.Instance)
}
