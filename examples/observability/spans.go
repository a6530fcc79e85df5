package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// memory is an exporter that keeps the first trace that is of interest. It stands
// for a collector, to which a service sends its spans.
type memory struct {
	mu    sync.Mutex // guards what follows
	spans map[api.TraceID][]trace.ReadOnlySpan
	found []trace.ReadOnlySpan // of one trace; nil as long as there is none
}

// ExportSpans implements trace.SpanExporter.
func (m *memory) ExportSpans(_ context.Context, spans []trace.ReadOnlySpan) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range spans {
		id := s.SpanContext().TraceID()
		if m.spans == nil {
			m.spans = make(map[api.TraceID][]trace.ReadOnlySpan)
		}
		m.spans[id] = append(m.spans[id], s)
		if s.Parent().IsValid() {
			continue
		}
		if m.found == nil && slices.ContainsFunc(m.spans[id], retried) { // the root ends last
			m.found = m.spans[id]
		}
		delete(m.spans, id)
	}
	return nil
}

// Shutdown implements trace.SpanExporter.
func (*memory) Shutdown(context.Context) error { return nil }

// retried says whether a call had more than one attempt.
func retried(s trace.ReadOnlySpan) bool {
	return slices.ContainsFunc(s.Events(), func(e trace.Event) bool { return e.Name == "retry" })
}

// String draws the trace that was found, as a tree.
func (m *memory) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.SortFunc(m.found, func(a, b trace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	var b strings.Builder
	m.draw(&b, api.SpanID{}, "")
	return b.String()
}

// draw draws the children of a span, each with its own below it.
func (m *memory) draw(b *strings.Builder, parent api.SpanID, indent string) {
	for _, s := range m.found {
		if s.Parent().SpanID() != parent {
			continue
		}
		fmt.Fprintf(b, "%-30s %-7s %6.1f ms %s\n", indent+s.Name(), process(s), float64(s.EndTime().Sub(s.StartTime()))/float64(time.Millisecond), details(s))
		for _, e := range s.Events() {
			fmt.Fprintf(b, "%s  event %s%s\n", indent, e.Name, cause(e))
		}
		m.draw(b, s.SpanContext().SpanID(), indent+"  ")
	}
}

// cause is why something happened.
func cause(e trace.Event) string {
	for _, kv := range e.Attributes {
		if kv.Key == "kit.cause" {
			return ": " + kv.Value.AsString()
		}
	}
	return ""
}

func process(s trace.ReadOnlySpan) string {
	for _, kv := range s.Resource().Attributes() {
		if kv.Key == "service.name" {
			return kv.Value.AsString()
		}
	}
	return ""
}

// details are what a span says of its attempt.
func details(s trace.ReadOnlySpan) string {
	var all []string
	for _, kv := range s.Attributes() {
		switch kv.Key {
		case "kit.attempt", "kit.instance", "kit.breaker", "kit.outcome":
			all = append(all, strings.TrimPrefix(string(kv.Key), "kit.")+"="+cmp.Or(kv.Value.String(), "?"))
		}
	}
	return strings.Join(all, " ")
}
