package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// quote is the only request of the service, and its answer, which says whether it
// took a second.
type quote struct {
	Slow bool `json:"slow"`
}

// service is all instances.
type service struct {
	list  sd.Fixed     // in place of a registry
	calls atomic.Int64 // that any instance got
	stop  context.CancelFunc
	ended chan error
}

// start begins to serve with n instances.
func start(n int) (*service, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &service{stop: stop, ended: make(chan error)}
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(err, s.end())
		}
		s.list = append(s.list, sd.Instance{Addr: l.Addr().String()})
		go func() { s.ended <- s.serve(ctx, l) }()
	}
	return s, nil
}

func (s *service) serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("POST /quote", kithttp.NewServer(s.newAnswer(), kithttp.DecodeJSON[quote]))
	return transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
		Propagation: -1, // the only client has stopped by then
	})
}

// newAnswer is what one instance does: most calls take 5 ms, and every hundredth
// a second.
func (s *service) newAnswer() endpoint.Endpoint {
	var calls atomic.Int64
	return func(ctx context.Context, _ any) (any, error) {
		s.calls.Add(1)
		slow := calls.Add(1)%100 == 0
		takes := 5 * time.Millisecond
		if slow {
			takes = time.Second
		}
		select {
		case <-time.After(takes):
			return quote{slow}, nil
		case <-ctx.Done(): // the other attempt won
			return nil, ctx.Err()
		}
	}
}

// end stops all instances and waits until they have.
func (s *service) end() (err error) {
	s.stop()
	for range s.list {
		if e := <-s.ended; e != nil {
			err = e
		}
	}
	return err
}

// newQuote is the client of one instance.
func newQuote(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[quote](c, http.MethodPost, base, "/quote")
}
