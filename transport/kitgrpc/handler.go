package kitgrpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-kit/kit/endpoint"
	kittransport "github.com/go-kit/kit/transport"
	kitgrpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// HandlerConfig is what surrounds the endpoint of a handler, in the functions of
// go-kit's transport/grpc. The zero value is nothing.
type HandlerConfig struct {
	Before  []kitgrpctransport.ServerRequestFunc   // see the metadata before the request is decoded, which they must not change
	After   []kitgrpctransport.ServerResponseFunc  // add to header and trailer, also where the call failed
	Finally []kitgrpctransport.ServerFinalizerFunc // see how the call ended
	Errors  kittransport.ErrorHandler              // is told of each error; nobody is if nil
}

// NewHandler makes a method of a generated service of an endpoint, as go-kit's
// transport/grpc Server does, but typed:
//
//	type server struct {
//		pb.UnimplementedAddServer
//		sum func(context.Context, *pb.SumRequest) (*pb.SumReply, error)
//	}
//
//	func (s server) Sum(ctx context.Context, in *pb.SumRequest) (*pb.SumReply, error) { return s.sum(ctx, in) }
//
//	server{sum: kitgrpc.NewHandler(endpoints.Sum, decodeSum, encodeSum, kitgrpc.HandlerConfig{})}
//
// Errors are a ToError, also that of a response that is an endpoint.Failer. One of
// dec that names no status is an InvalidArgument. Header and trailer are sent with
// errors, too, also those that the endpoint adds by grpc.SetHeader and
// grpc.SetTrailer: prefer these for keys that end in -bin, which go-kit's
// SetResponseHeader encodes although grpc does.
func NewHandler[In, Req, Resp, Out any](
	e endpoint.Endpoint,
	dec func(context.Context, *In) (Req, error),
	enc func(context.Context, Resp) (*Out, error),
	cfg HandlerConfig,
) func(context.Context, *In) (*Out, error) {
	return func(ctx context.Context, in *In) (out *Out, err error) {
		ctx = cfg.before(ctx)
		defer func() {
			if err == nil && len(cfg.Finally) == 0 {
				return
			}
			err = ToError(err)
			cfg.end(ctx, err)
		}()
		req, err := dec(ctx, in)
		if err != nil {
			return nil, misread(err)
		}
		resp, err := answerOf(e(ctx, req))
		ctx, afterErr := cfg.after(ctx)
		switch {
		case err != nil:
			return nil, err
		case afterErr != nil:
			return nil, afterErr
		}
		typed, ok := resp.(Resp)
		if !ok && resp != nil {
			return nil, fmt.Errorf("the endpoint returned a %T, and the encoder takes a %T", resp, typed)
		}
		return enc(ctx, typed)
	}
}

func (cfg *HandlerConfig) before(ctx context.Context) context.Context {
	if len(cfg.Before) == 0 {
		return ctx
	}
	md, ok := metadata.FromIncomingContext(ctx)
	if !ok {
		md = metadata.MD{}
	}
	for _, f := range cfg.Before {
		ctx = f(ctx, md) //nolint:fatcontext // go-kit's functions hand on their context
	}
	return ctx
}

func (cfg *HandlerConfig) after(ctx context.Context) (context.Context, error) {
	if len(cfg.After) == 0 {
		return ctx, nil
	}
	header, trailer := metadata.MD{}, metadata.MD{}
	for _, f := range cfg.After {
		ctx = f(ctx, &header, &trailer) //nolint:fatcontext // go-kit's functions hand on their context
	}
	return ctx, errors.Join(grpc.SetHeader(ctx, header), grpc.SetTrailer(ctx, trailer))
}

func (cfg *HandlerConfig) end(ctx context.Context, err error) {
	if err != nil && cfg.Errors != nil {
		cfg.Errors.Handle(ctx, err)
	}
	for _, f := range cfg.Finally {
		f(ctx, err)
	}
}

// answerOf is what an endpoint returned, whose response may be an error.
func answerOf(resp any, err error) (any, error) {
	if f, ok := resp.(endpoint.Failer); ok && err == nil {
		err = f.Failed()
	}
	return resp, err
}

// misread is the error of a request that cannot be decoded.
func misread(err error) error {
	if _, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		return err
	}
	if _, ok := errors.AsType[interface {
		error
		grpcStatus
	}](err); ok {
		return err
	}
	return badRequest{err}
}

// badRequest is an error of a request that is the client's.
type badRequest struct{ error }

// StatusCode is 400, InvalidArgument.
func (badRequest) StatusCode() int { return http.StatusBadRequest }

// Unwrap gives the error.
func (e badRequest) Unwrap() error { return e.error }
