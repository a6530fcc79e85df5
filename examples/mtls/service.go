package main

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kittls"
)

// hello is the request of both services, and their answer, which says who gave it.
type hello struct {
	From string `json:"from"`
}

// service is one that runs.
type service struct {
	addr  string
	certs *kittls.Certs
	stop  context.CancelFunc
	ended chan error
}

// start serves as name, with the files in dir, to web alone.
func start(dir, name string) (*service, error) {
	certs, err := kittls.Server(kittls.ServerConfig{
		Cert: dir + "/tls.crt", Key: dir + "/tls.key",
		ClientCA: dir + "/ca.crt",
		Clients:  []string{domain + web},
	})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /hello", kithttp.NewServer(func(context.Context, any) (any, error) { return hello{name}, nil }, kithttp.DecodeJSON[hello]))
	ctx, stop := context.WithCancel(context.Background())
	s := &service{addr: l.Addr().String(), certs: certs, stop: stop, ended: make(chan error, 1)}
	go func() {
		s.ended <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{TLS: certs.TLS()})},
			Propagation: -1, // the only client has stopped by then
		})
	}()
	return s, nil
}

// end stops it, and returns when it has.
func (s *service) end() error {
	s.stop()
	return <-s.ended
}

// newHello is the client of one instance.
func newHello(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[hello](c, http.MethodPost, base, "/hello")
}
