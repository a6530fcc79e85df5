package kitotel

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kitgen/kitgen/middleware/observe"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/kitgen/kitgen/middleware/observe/kitotel"

// Observer traces and measures calls. One serves all clients and servers of a
// process. It is safe for concurrent use.
type Observer struct {
	tracer trace.Tracer
	http   bool // attempts are HTTP requests
	sides  [observe.Attempt + 1]*side
}

var _ observe.Observer = (*Observer)(nil)

// New returns an observer. It fails with the error of a Config that makes no
// sense, or that of a MeterProvider which does not take the metrics.
func New(cfg Config) (*Observer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	meter := cfg.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	o := &Observer{
		tracer: cfg.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		http:   cfg.System == "http",
	}
	for i := range o.sides {
		s, err := newSide(observe.Side(i), cfg, meter)
		if err != nil {
			return nil, fmt.Errorf("kitotel: make a metric: %w", err)
		}
		o.sides[i] = s
	}
	return o, nil
}

// Start implements observe.Observer.
func (o *Observer) Start(ctx context.Context, c *observe.Call) context.Context {
	m, known := o.of(c)
	ctx, span := o.tracer.Start(ctx, m.span, m.start...)
	if !span.IsRecording() {
		return ctx
	}
	if !known {
		span.SetAttributes(semconv.RPCMethodOriginal(fullName(c.Service, c.Method)))
	}
	span.SetAttributes(o.attributes(c)...)
	return context.WithValue(ctx, spanKey{o}, &running{span, c})
}

// End implements observe.Observer.
func (o *Observer) End(ctx context.Context, c *observe.Call, r observe.Result) {
	m, _ := o.of(c)
	e := endingOf(c.Side, r)
	m.duration.Record(ctx, (r.Took + r.Open).Seconds(), m.measured(e)...) // that of the span
	if span := o.span(ctx, c); span != nil {
		span.SetAttributes(e.attributes()...)
		streamed(span, r)
		if e.failed {
			span.SetStatus(codes.Error, text(r.Cause()))
		}
		span.End()
	}
}

// streamed says what a call has streamed, if it has.
func streamed(span trace.Span, r observe.Result) {
	if r.Open > 0 {
		span.AddEvent("open", trace.WithTimestamp(time.Now().Add(-r.Open)))
	}
	if r.Open > 0 || r.Sent+r.Received > 0 {
		span.SetAttributes(attribute.Int("kit.messages.sent", r.Sent), attribute.Int("kit.messages.received", r.Received))
	}
}

func (o *Observer) of(c *observe.Call) (m *method, known bool) {
	return o.sides[min(c.Side, observe.Attempt)].of(c)
}

// running is a span that this observer has started and must end. Another
// observer may have put a span of its own into the context since.
type running struct {
	trace.Span
	call *observe.Call
}

type spanKey struct{ of *Observer }

// span returns the span of c, and nil if it has none: it is not sampled, or its
// start panicked. The one in the context may be that of a call around it.
func (o *Observer) span(ctx context.Context, c *observe.Call) trace.Span {
	if r, ok := ctx.Value(spanKey{o}).(*running); ok && r.call == c {
		return r.Span
	}
	return nil
}
