package kitotel

import (
	"math"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/rpcconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

// other is the name of a method for which there is no room.
const other = "_OTHER"

// side is what all calls have in common that are seen from one side.
type side struct {
	side     observe.Side
	system   string
	duration metric.Float64Histogram

	methods *table.Methods[*method]
	others  *table.Table[string, *method] // of methods for which there is no room, by service
}

// method is what all calls of a method have in common.
type method struct {
	span     string // its name
	start    []trace.SpanStartOption
	duration metric.Float64Histogram
	options  *table.Table[ending, []metric.RecordOption]
}

func newSide(of observe.Side, cfg Config, meter metric.Meter) (*side, error) {
	duration, err := newDuration(of, meter)
	if err != nil {
		return nil, err
	}
	s := &side{side: of, system: cfg.System, duration: duration}
	s.methods = table.NewMethods(cfg.Methods, s.method)
	s.others = table.New(math.MaxInt, func(service string) *method { return s.method(service, other) })
	return s, nil
}

func newDuration(of observe.Side, meter metric.Meter) (metric.Float64Histogram, error) {
	switch of {
	case observe.Client:
		d, err := rpcconv.NewClientCallDuration(meter)
		return d.Float64Histogram, err
	case observe.Server:
		d, err := rpcconv.NewServerCallDuration(meter)
		return d.Float64Histogram, err
	default:
		return meter.Float64Histogram("kit.client.attempt.duration",
			metric.WithUnit("s"),
			metric.WithDescription("Measures the duration of one attempt of an outgoing call."),
			metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10)) // as the conventions want it for calls
	}
}

func (s *side) of(c *observe.Call) (m *method, known bool) {
	if m, known = s.methods.Get(c.Service, c.Method); known {
		return m, true
	}
	m, _ = s.others.Get(c.Service)
	return m, false
}

func (s *side) method(service, name string) *method {
	full := fullName(service, name)
	common := []attribute.KeyValue{semconv.RPCSystemNameKey.String(s.system), semconv.RPCMethod(full)}
	if s.side == observe.Client && service != "" {
		common = append(common, semconv.ServerAddress(valid(service)))
	}
	m := &method{span: full, duration: s.duration}
	kind := trace.SpanKindClient
	switch s.side {
	case observe.Server:
		kind = trace.SpanKindServer
	case observe.Attempt:
		m.span = "attempt " + full
	}
	m.start = []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(common...)}
	m.options = table.New(math.MaxInt, func(e ending) []metric.RecordOption { // few endings: see endingOf
		all := slices.Concat(common, e.attributes())
		return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(all...))}
	})
	return m
}

func (m *method) measured(e ending) []metric.RecordOption {
	options, _ := m.options.Get(e)
	return options
}

// fullName is the conventions' name of a method.
func fullName(service, method string) string {
	if method == "" {
		method = other
	}
	if service == "" {
		return valid(method)
	}
	return valid(service + "/" + method)
}
