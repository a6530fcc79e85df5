package kithttp

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/kitgen/kitgen/transport"
)

// serve returns when nothing more is accepted; the connections live on.
func (s *server) serve(ready *transport.Ready) error {
	defer close(s.accepted)
	s.ready.Store(ready)
	serve := s.http.Serve
	if s.cfg.TLS != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	err := serve(s.l)
	if errors.Is(err, http.ErrServerClosed) || s.stopping.Load() && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// shutdown stops accepting and drains. From when http.Server.Shutdown is called
// net/http drops requests that it has read but not begun to serve, so nothing
// may be on its way by then.
func (s *server) shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	if err := s.closeListener(); err != nil {
		return err
	}
	select {
	case <-s.accepted:
		s.unused.settle(ctx)
	case <-ctx.Done():
	}
	return s.http.Shutdown(ctx)
}

// close also releases a listener that was never served.
func (s *server) close() error {
	return errors.Join(s.http.Close(), s.closeListener())
}

func (s *server) closeListener() error {
	if err := s.l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
