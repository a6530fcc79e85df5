package kitotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// TraceID returns the ID of the trace that ctx is part of, in hexadecimal, and
// the empty string if it is part of none. It is for logs, which name a trace
// whether it is sampled or not: observe.LogConfig's TraceID.
func TraceID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// SampledTraceID is TraceID for exemplars, such as kitprom.Config's: it also
// returns the empty string if the trace is not sampled, so that there is nothing
// to be seen.
func SampledTraceID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() && c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// RetryEvent notes on the span in ctx, that of the whole call, that another
// attempt is about to start, with its number and the error of the one before. It
// is an OnRetry of retry.Config.
func RetryEvent(ctx context.Context, attempt int, err error) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attributes := []attribute.KeyValue{attribute.Int("kit.attempt", attempt)}
	if err != nil {
		attributes = append(attributes, attribute.String("kit.cause", text(err)))
	}
	span.AddEvent("retry", trace.WithAttributes(attributes...))
}
