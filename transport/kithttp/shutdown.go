package kithttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/conns"
)

// serve returns when nothing more is accepted; the connections live on.
func (s *server) serve(ready *transport.Ready) error {
	defer close(s.accepted)
	s.ready.Store(ready)
	serve := s.http.Serve
	if s.cfg.TLS != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	var l net.Listener = conns.Limit(s.l, s.cfg.MaxConns)
	if s.cfg.WriteTimeout > 0 {
		l = slowListener{l, s.cfg.WriteTimeout}
	}
	err := serve(l)
	if errors.Is(err, http.ErrServerClosed) || s.stopping.Load() && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// How long the calls may go on of which the drain does not wait for the end.
const (
	mostGrace = 5 * time.Second        // streams, at first
	mostTail  = 500 * time.Millisecond // before the end of the drain, so that the last ones can still be answered
)

// shutdown stops accepting and drains. From when http.Server.Shutdown is called
// net/http drops requests that it has read but not begun to serve, so nothing
// may be on its way by then.
func (s *server) shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	if err := s.closeListener(); err != nil {
		return err
	}
	defer s.end(ctx)()
	select {
	case <-s.accepted:
		s.unused.settle(ctx)
	case <-ctx.Done():
	}
	err := errors.Join(s.http.Shutdown(ctx), s.hijacked.wait(ctx))
	if n := s.cutoff.late.Load(); err == nil && n > 0 {
		return fmt.Errorf("%w: %d calls were ended since the drain was over", transport.ErrForced, n)
	}
	return err
}

// end has the calls ended, each kind in its time, until stop is called.
func (s *server) end(ctx context.Context) (stop func()) {
	left, grace := time.Duration(-1), s.cfg.StreamGrace
	if at, ok := ctx.Deadline(); ok {
		left = time.Until(at)
	}
	if grace == 0 {
		grace = mostGrace
		if left >= 0 {
			grace = min(left/3, mostGrace)
		}
	}
	streams := time.AfterFunc(max(grace, 0), func() { s.cutoff.reach(cutStreams) })
	if left < 0 {
		return func() { streams.Stop() }
	}
	all := time.AfterFunc(left-min(left/10, mostTail), func() {
		s.cutoff.reach(cutAll)
		s.hijacked.close()
	})
	return func() { streams.Stop(); all.Stop() }
}

// close also releases a listener that was never served.
func (s *server) close() error {
	s.cutoff.reach(cutAll)
	s.hijacked.close()
	return errors.Join(s.http.Close(), s.closeListener())
}

func (s *server) closeListener() error {
	if err := s.l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
