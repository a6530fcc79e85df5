package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// cart is the only request of the service, and its answer: whose cart, and
// whether the instance had it at hand.
type cart struct {
	User   string `json:"user"`
	Cached bool   `json:"cached"`
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

// start begins to serve with instances of these IDs.
func start(ids ...string) (*service, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &service{lists: make(chan []sd.Instance, 1), stop: stop, ended: make(chan error)}
	for _, id := range ids {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			_ = s.end()
			return nil, err
		}
		s.all = append(s.all, sd.Instance{ID: id, Addr: l.Addr().String()})
		go func() { s.ended <- serve(ctx, l) }()
	}
	return s, nil
}

func serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("POST /cart", kithttp.NewServer(new(cache).answer, kithttp.DecodeJSON[cart]))
	return transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
		Propagation: -1, // the only client has stopped by then
	})
}

// cache is what one instance has at hand.
type cache struct{ carts sync.Map }

func (c *cache) answer(_ context.Context, request any) (any, error) {
	user := request.(cart).User
	_, cached := c.carts.LoadOrStore(user, true) // otherwise it would go to the database
	return cart{user, cached}, nil
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

// newCart is the client of one instance.
func newCart(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[cart](c, http.MethodPost, base, "/cart")
}
