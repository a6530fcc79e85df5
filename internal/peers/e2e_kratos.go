package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	kratoslog "github.com/go-kratos/kratos/v2/log"
	kratosgrpc "github.com/go-kratos/kratos/v2/transport/grpc"
	kratoshttp "github.com/go-kratos/kratos/v2/transport/http"

	"github.com/kitgen/kitgen/internal/peers/echo"
	pb "github.com/kitgen/kitgen/internal/peers/echo/api/echo/v1"
)

// kratosServer is what its servers of all wires have.
type kratosServer interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// serveKratos serves, and returns what stops it.
func serveKratos(s kratosServer) (stop func() error) {
	kratoslog.SetLogger(kratoslog.NewStdLogger(io.Discard)) // it says when it starts and stops
	ctx := context.Background()
	done := make(chan error, 1)
	go func() { done <- s.Start(ctx) }()
	return func() error { return errors.Join(s.Stop(ctx), <-done) }
}

// openKratosGRPC is kratos' client and server with their defaults: a timeout
// and a transport's context on both sides, and a selector that has one node.
func openKratosGRPC() (line, error) {
	l, err := loopback()
	if err != nil {
		return line{}, err
	}
	s := kratosgrpc.NewServer(kratosgrpc.Listener(l))
	pb.RegisterEchoServer(s, pbEcho{})
	stop := serveKratos(s)
	cc, err := kratosgrpc.DialInsecure(context.Background(), kratosgrpc.WithEndpoint(l.Addr().String()))
	if err != nil {
		return line{}, errors.Join(err, stop())
	}
	return line{stubCall(cc), func() error { return errors.Join(cc.Close(), stop()) }}, nil
}

// openKratosHTTP is the same over HTTP, with what its generator writes for a
// method between the server and the service.
func openKratosHTTP() (line, error) {
	l, err := loopback()
	if err != nil {
		return line{}, err
	}
	s := kratoshttp.NewServer(kratoshttp.Listener(l))
	s.Route("/").POST("/echo", kratosEcho)
	stop := serveKratos(s)
	hc, end := newHTTPClient()
	client, err := kratosHTTPClient(l.Addr(), hc.Transport)
	if err != nil {
		return line{}, errors.Join(err, stop())
	}
	return line{
		func(ctx context.Context, text string) (string, error) {
			var resp echo.EchoResponse
			err := client.Invoke(ctx, http.MethodPost, "/echo", &echo.EchoRequest{Text: text}, &resp)
			return resp.Echoed, err
		},
		func() error {
			err := client.Close()
			end()
			return errors.Join(err, stop())
		},
	}, nil
}

func kratosHTTPClient(addr net.Addr, over http.RoundTripper) (*kratoshttp.Client, error) {
	return kratoshttp.NewClient(context.Background(), kratoshttp.WithEndpoint(addr.String()), kratoshttp.WithTransport(over))
}

func kratosEcho(c kratoshttp.Context) error {
	var in echo.EchoRequest
	if err := c.Bind(&in); err != nil {
		return err
	}
	kratoshttp.SetOperation(c, "/echo.v1.Echo/Echo")
	h := c.Middleware(func(ctx context.Context, req any) (any, error) {
		text, err := echo.New().Echo(ctx, req.(*echo.EchoRequest).Text) //nolint:forcetypeassert // as kratos' generator writes it
		return &echo.EchoResponse{Echoed: text}, err
	})
	out, err := h(c, &in)
	if err != nil {
		return err
	}
	return c.Result(http.StatusOK, out)
}
