package kitotel

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"
)

// ContextToHTTP returns a function that puts the context of the trace into an
// HTTP request's header. It is a RequestFunc of go-kit's HTTP client:
//
//	httptransport.ClientBefore(kitotel.ContextToHTTP(nil))
//
// A nil propagator is W3C's Trace Context and Baggage, and not otel's global
// one, which propagates nothing until somebody sets it. That goes for the other
// three functions too.
func ContextToHTTP(p propagation.TextMapPropagator) func(context.Context, *http.Request) context.Context {
	p = orW3C(p)
	return func(ctx context.Context, r *http.Request) context.Context {
		p.Inject(ctx, propagation.HeaderCarrier(r.Header))
		return ctx
	}
}

// HTTPToContext returns a function that finds the context of the trace in an
// HTTP request's header. It is a RequestFunc of go-kit's HTTP server
// (httptransport.ServerBefore).
func HTTPToContext(p propagation.TextMapPropagator) func(context.Context, *http.Request) context.Context {
	p = orW3C(p)
	return func(ctx context.Context, r *http.Request) context.Context {
		return p.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
}

// ContextToGRPC returns a function that puts the context of the trace into a
// gRPC call's metadata. It is a ClientRequestFunc of go-kit's gRPC client
// (grpctransport.ClientBefore).
func ContextToGRPC(p propagation.TextMapPropagator) func(context.Context, *metadata.MD) context.Context {
	p = orW3C(p)
	return func(ctx context.Context, md *metadata.MD) context.Context {
		if *md == nil {
			*md = metadata.MD{}
		}
		p.Inject(ctx, carrier(*md))
		return ctx
	}
}

// GRPCToContext returns a function that finds the context of the trace in a gRPC
// call's metadata. It is a ServerRequestFunc of go-kit's gRPC server
// (grpctransport.ServerBefore).
func GRPCToContext(p propagation.TextMapPropagator) func(context.Context, metadata.MD) context.Context {
	p = orW3C(p)
	return func(ctx context.Context, md metadata.MD) context.Context { return p.Extract(ctx, carrier(md)) }
}

func orW3C(p propagation.TextMapPropagator) propagation.TextMapPropagator {
	if p == nil {
		return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	}
	return p
}

// carrier is gRPC's metadata as package propagation wants it.
type carrier metadata.MD

var _ propagation.ValuesGetter = carrier{}

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string {
	if values := c.Values(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values implements propagation.ValuesGetter.
func (c carrier) Values(key string) []string { return metadata.MD(c).Get(key) }

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { metadata.MD(c).Set(key, value) }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}
