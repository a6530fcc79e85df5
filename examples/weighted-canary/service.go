package main

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// greeting is the only request of the service, and its answer, which says who
// gives it.
type greeting struct {
	Version string `json:"version"`
}

// instance is one running copy of the service.
type instance struct {
	sd.Instance
	stop  context.CancelFunc
	ended chan error
}

// start begins to serve at a free port of this machine.
func start(id, version string) (*instance, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	answer := func(context.Context, any) (any, error) { return greeting{version}, nil }
	mux.Handle("POST /greet", kithttp.NewServer(answer, kithttp.DecodeJSON[greeting]))
	ctx, stop := context.WithCancel(context.Background())
	in := &instance{sd.Instance{ID: id, Addr: l.Addr().String(), Version: version}, stop, make(chan error, 1)}
	go func() {
		in.ended <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
			Propagation: -1, // it stops to show what happens to those who do not know
		})
	}()
	return in, nil
}

// end stops the instance and waits until it has.
func (in *instance) end() error {
	in.stop()
	err := <-in.ended
	in.ended <- err // for whoever ends it again
	return err
}

// newGreet is the client of one instance.
func newGreet(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[greeting](c, http.MethodPost, base, "/greet")
}
