package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// ping is the only request of every service, and its answer.
type ping struct{}

// serve is a service with one instance; end stops it.
func serve(e endpoint.Endpoint) (instances *sd.Instancer, end func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /ping", kithttp.NewServer(e, kithttp.DecodeJSON[ping]))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
			Propagation: -1, // the only client has stopped by then
		})
	}()
	instances = sd.NewInstancer(sd.Fixed{{Addr: l.Addr().String()}}, sd.InstancerConfig{})
	return instances, func() error {
		instances.Stop()
		stop()
		return <-ended
	}, nil
}

// newPing is the client of one instance.
func newPing(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[ping](c, http.MethodPost, base, "/ping")
}

// answered waits until a call succeeds: its client has connected.
func answered(ctx context.Context, call endpoint.Endpoint) error {
	for {
		if _, err := call(ctx, ping{}); err == nil {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
