package kitotel

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// ServerStatsHandler has the calls that come to a grpc.Server go on in the traces
// of their callers, as GRPCToContext does it for go-kit's transport, and streams
// too:
//
//	kitgrpc.NewServer(cfg, grpc.StatsHandler(kitotel.ServerStatsHandler(nil)))
//
// It makes no spans, which is what an Observer is for. Where there is such a
// handler gRPC does some more work for every call.
func ServerStatsHandler(p propagation.TextMapPropagator) stats.Handler {
	extract := GRPCToContext(p)
	return tagger(func(ctx context.Context) context.Context {
		md, _ := metadata.FromIncomingContext(ctx) // none is empty
		return extract(ctx, md)
	})
}

// ClientStatsHandler has the calls over a connection tell of their traces, as
// ContextToGRPC does it for go-kit's transport, and streams too:
//
//	addsvc.GRPCFactory(grpc.WithStatsHandler(kitotel.ClientStatsHandler(nil)))
func ClientStatsHandler(p propagation.TextMapPropagator) stats.Handler {
	inject := ContextToGRPC(p)
	return tagger(func(ctx context.Context) context.Context {
		md, _ := metadata.FromOutgoingContext(ctx) // a copy
		ctx = inject(ctx, &md)
		return metadata.NewOutgoingContext(ctx, md)
	})
}

// tagger is what becomes of a call's context before it is sent, or handled.
type tagger func(context.Context) context.Context

func (t tagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return t(ctx) }
func (t tagger) HandleRPC(context.Context, stats.RPCStats)                         {}
func (t tagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (t tagger) HandleConn(context.Context, stats.ConnStats)                       {}
