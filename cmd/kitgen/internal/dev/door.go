package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// door is a reverse proxy before the replicas of one service.
type door struct {
	addr      string
	server    *http.Server
	served    chan error
	instances *sd.Instancer
	pool      *lb.Pool
	stack     *middleware.ClientStack
}

// openDoor gives f a front door.
func (s *session) openDoor(f *fleet) error {
	l, err := s.listen()
	if err != nil {
		return err
	}
	d, err := newDoor(f.name, At(s.registry, f.name))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	d.addr = l.Addr().String()
	go func() { d.served <- d.server.Serve(l) }()
	f.door = d
	return nil
}

// tryDoor says whether a front door could be had now, if there is to be one.
func (s *session) tryDoor() error {
	if s.http == "none" || !slices.ContainsFunc(s.fleets, func(f *fleet) bool { return f.http }) {
		return nil
	}
	l, err := s.listen()
	if err != nil {
		return err
	}
	return l.Close()
}

// doors is how many ports are tried if the user has not asked for one.
const doors = 50

// listen takes the address that the user asked for, or else the first free one
// from the default on.
func (s *session) listen() (net.Listener, error) {
	host, first, err := hostPort(s.http)
	if err != nil {
		return nil, err
	}
	for n := first; ; n++ {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(n)))
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, syscall.EADDRINUSE) && n < first+doors && (!s.httpSet || len(s.fleets) > 1):
			continue
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("KG080: --http %s: another process has the port; stop it, pass another, or --http none", s.http)
		}
		return nil, fmt.Errorf("--http %s: %w; pass another, or --http none", s.http, err)
	}
}

// hostPort is the two halves of --http.
func hostPort(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("--http %s: %w; pass host:port", addr, err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("--http %s: the port is no number up to 65535; pass host:port", addr)
	}
	return host, int(n), nil
}

func newDoor(name, target string) (*door, error) {
	instances, err := sd.Open(target, sd.InstancerConfig{Transport: "http", Protection: sd.Off}, schemes()...)
	if err != nil {
		return nil, fmt.Errorf("--registry: %w", err)
	}
	stack, err := middleware.Client(middleware.ClientConfig{
		Service: name,
		Timeout: timeout.Config{Timeout: -1}, // streams take as long as they take
		Retry:   retry.Config{Idempotent: true, Streams: true},
	})
	if err != nil {
		instances.Stop()
		return nil, err
	}
	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
	call := stack.Method("http")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	return &door{
		server: &http.Server{
			Handler:           kithttp.NewProxy(kithttp.NewRoundTripper(call), kithttp.ProxyConfig{Host: name}),
			ReadHeaderTimeout: 10 * time.Second,
		},
		served:    make(chan error, 1),
		instances: instances,
		pool:      pool,
		stack:     stack,
	}, nil
}

// close ends calls that are under way after a moment.
func (d *door) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := d.server.Shutdown(ctx); err != nil {
		_ = d.server.Close() // what is left is cut off, as said
	}
	err := <-d.served
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	err = errors.Join(err, d.pool.Close(), d.stack.Close())
	d.instances.Stop()
	return err
}
