package main

import (
	"context"
	"fmt"
	"net"

	"github.com/go-kit/kit/endpoint"
	kitgrpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	folder "github.com/kitgen/kitgen/examples/own-registry"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// servePrices runs a replica of prices, over gRPC.
func servePrices(ctx context.Context, l net.Listener, registry folder.Registry, t *telemetry, price endpoint.Endpoint) error {
	stack, err := middleware.Server(middleware.ServerConfig{Service: "prices", Observers: t.observers})
	if err != nil {
		return err
	}
	s := kitgrpc.NewServer(kitgrpc.Config{})
	registerPrices(s, kitgrpc.NewHandler(stack.Method("Price")(price), fromText, toAmount, kitgrpc.HandlerConfig{
		Before: []kitgrpctransport.ServerRequestFunc{kitotel.GRPCToContext(nil)}, // the caller's trace goes on here
	}))
	self := sd.Instance{ID: sd.NewID("prices"), Addr: l.Addr().String()}
	return transport.Serve(ctx, transport.Config{
		Servers:   []transport.Server{s.On(l)},
		Registrar: sd.NewRegistrar(registry.Holder("prices"), self, sd.RegistrarConfig{Watcher: registry.Watcher("prices")}),
	})
}

// newPrice is the client of one instance of prices.
func newPrice(cc *grpc.ClientConn) endpoint.Endpoint {
	return kitgrpc.NewEndpoint(pricesClient{cc}.Price, toText, fromAmount, kitgrpc.EndpointConfig{
		Before: []kitgrpctransport.ClientRequestFunc{kitotel.ContextToGRPC(nil)}, // the server hears of the trace
	})
}

func toText(_ context.Context, item string) (*wrapperspb.StringValue, error) {
	return wrapperspb.String(item), nil
}

func fromText(_ context.Context, in *wrapperspb.StringValue) (string, error) {
	return in.GetValue(), nil
}

func toAmount(_ context.Context, amount int64) (*wrapperspb.Int64Value, error) {
	return wrapperspb.Int64(amount), nil
}

func fromAmount(_ context.Context, out *wrapperspb.Int64Value) (int64, error) {
	return out.GetValue(), nil
}

// What follows is what protoc would generate of a service Prices.

const priceMethod = "/shop.Prices/Price"

type pricesClient struct{ cc grpc.ClientConnInterface }

func (c pricesClient) Price(ctx context.Context, in *wrapperspb.StringValue, opts ...grpc.CallOption) (*wrapperspb.Int64Value, error) {
	out := new(wrapperspb.Int64Value)
	if err := c.cc.Invoke(ctx, priceMethod, in, out, opts...); err != nil {
		return nil, err
	}
	return out, nil
}

type priceHandler func(context.Context, *wrapperspb.StringValue) (*wrapperspb.Int64Value, error)

func registerPrices(s grpc.ServiceRegistrar, price priceHandler) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "shop.Prices",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Price",
			Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				in := new(wrapperspb.StringValue)
				if err := decode(in); err != nil {
					return nil, err
				}
				handle := func(ctx context.Context, in any) (any, error) {
					text, ok := in.(*wrapperspb.StringValue)
					if !ok {
						return nil, fmt.Errorf("want a StringValue, not a %T", in)
					}
					return price(ctx, text)
				}
				if intercept == nil {
					return handle(ctx, in)
				}
				return intercept(ctx, in, &grpc.UnaryServerInfo{FullMethod: priceMethod}, handle)
			},
		}},
	}, nil)
}
