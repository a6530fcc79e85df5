package kitgrpc

import (
	"context"
	"fmt"

	"github.com/go-kit/kit/endpoint"
	kitgrpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// EndpointConfig is what surrounds the call of an endpoint, in the functions of
// go-kit's transport/grpc. The zero value is nothing.
type EndpointConfig struct {
	Before  []kitgrpctransport.ClientRequestFunc   // add to the metadata that is sent
	After   []kitgrpctransport.ClientResponseFunc  // see the header and the trailer that came, also of a call that failed
	Finally []kitgrpctransport.ClientFinalizerFunc // see how the call ended
	Options []grpc.CallOption                      // of every call
}

// NewEndpoint makes an endpoint of a generated client's method, as go-kit's
// transport/grpc Client does, but typed, without reflection, and for any
// connection that the client takes:
//
//	kitgrpc.NewEndpoint(pb.NewAddClient(cc).Sum, encodeSum, decodeSum, kitgrpc.EndpointConfig{})
//
// What the context holds of metadata is sent, too; Before replaces it key by
// key. The endpoint takes a Req.
func NewEndpoint[Req, In, Out, Resp any](
	call func(context.Context, *In, ...grpc.CallOption) (*Out, error),
	enc func(context.Context, Req) (*In, error),
	dec func(context.Context, *Out) (Resp, error),
	cfg EndpointConfig,
) endpoint.Endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		defer func() {
			for _, f := range cfg.Finally {
				f(ctx, err)
			}
		}()
		req, ok := request.(Req)
		if !ok {
			return nil, fmt.Errorf("the endpoint was called with a %T, and takes a %T", request, req)
		}
		in, err := enc(ctx, req)
		if err != nil {
			return nil, err
		}
		ctx = cfg.before(ctx)
		var out *Out
		if ctx, out, err = do(ctx, &cfg, call, in); err != nil {
			return nil, FromError(err)
		}
		return dec(ctx, out)
	}
}

// do calls. Of the response's metadata there is a copy only for those who ask.
func do[In, Out any](ctx context.Context, cfg *EndpointConfig, call func(context.Context, *In, ...grpc.CallOption) (*Out, error), in *In) (context.Context, *Out, error) {
	if len(cfg.After) == 0 {
		out, err := call(ctx, in, cfg.Options...)
		return ctx, out, err
	}
	header, trailer := metadata.MD{}, metadata.MD{}
	opts := append(make([]grpc.CallOption, 0, len(cfg.Options)+2), cfg.Options...)
	out, err := call(ctx, in, append(opts, grpc.Header(&header), grpc.Trailer(&trailer))...)
	for _, f := range cfg.After {
		ctx = f(ctx, header, trailer) //nolint:fatcontext // go-kit's functions hand on their context
	}
	return ctx, out, err
}

// before adds to the outgoing metadata.
func (cfg *EndpointConfig) before(ctx context.Context) context.Context {
	if len(cfg.Before) == 0 {
		return ctx
	}
	added := metadata.MD{}
	for _, f := range cfg.Before {
		ctx = f(ctx, &added) //nolint:fatcontext // go-kit's functions hand on their context
	}
	md, ok := metadata.FromOutgoingContext(ctx)
	if !ok {
		return metadata.NewOutgoingContext(ctx, added)
	}
	for key, values := range added {
		md.Set(key, values...)
	}
	return metadata.NewOutgoingContext(ctx, md)
}
