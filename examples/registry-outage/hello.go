package main

import (
	"context"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// hello is the only request of the service, and its answer.
type hello struct{}

// serve is one instance: it registers, answers until ctx ends, and leaves.
func serve(ctx context.Context, addr, registry string) error {
	holder, err := sd.OpenHolder(registry, schemes()...)
	if err != nil {
		return err
	}
	l, err := transport.Listen("listen", addr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /hello", kithttp.NewServer(answer, kithttp.DecodeJSON[hello]))
	self := sd.Instance{ID: sd.NewID("demo"), Addr: l.Addr().String()}
	return transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
		Registrar:   sd.NewRegistrar(holder, self, sd.RegistrarConfig{}),
		Propagation: -1, // the only client has stopped by then
	})
}

func answer(context.Context, any) (any, error) { return hello{}, nil }

// newHello is the client of one instance.
func newHello(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[hello](c, http.MethodPost, base, "/hello")
}
