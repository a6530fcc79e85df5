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

// greeting is the only request of the service, and its answer, which says where
// it comes from.
type greeting struct {
	Zone string `json:"zone"`
}

// service is all instances, and the list of those that registered: it takes the
// place of a registry.
type service struct {
	lists chan []sd.Instance
	all   []sd.Instance
	stop  context.CancelFunc
	ended chan error
}

// Watch implements sd.Watcher.
func (s *service) Watch(ctx context.Context, update func([]sd.Instance)) error {
	for {
		select {
		case list := <-s.lists:
			update(list)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// start begins to serve with two instances in each zone.
func start(zones ...string) (*service, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &service{lists: make(chan []sd.Instance, 1), stop: stop, ended: make(chan error)}
	for _, zone := range zones {
		for _, id := range []string{zone + "-a", zone + "-b"} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				_ = s.end()
				return nil, err
			}
			s.all = append(s.all, sd.Instance{ID: id, Addr: l.Addr().String(), Zone: zone})
			go func() { s.ended <- serve(ctx, l, zone) }()
		}
	}
	s.lists <- s.all
	return s, nil
}

func serve(ctx context.Context, l net.Listener, zone string) error {
	mux := http.NewServeMux()
	answer := func(context.Context, any) (any, error) { return greeting{zone}, nil }
	mux.Handle("POST /greet", kithttp.NewServer(answer, kithttp.DecodeJSON[greeting]))
	return transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
		Propagation: -1, // the only client has stopped by then
	})
}

// set changes the list: those for whom keep is true.
func (s *service) set(keep func(sd.Instance) bool) (listed int) {
	var list []sd.Instance
	for _, in := range s.all {
		if keep(in) {
			list = append(list, in)
		}
	}
	s.lists <- list
	return len(list)
}

// end stops all instances and waits until they have.
func (s *service) end() (err error) {
	s.stop()
	for range s.all {
		if e := <-s.ended; e != nil {
			err = e
		}
	}
	return err
}

// newGreet is the client of one instance.
func newGreet(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[greeting](c, http.MethodPost, base, "/greet")
}
