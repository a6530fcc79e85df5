package kitgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/stranger"
)

// serving is a Server on one listener.
type serving struct {
	*Server

	l net.Listener
}

func (s *serving) serve(ready *transport.Ready) error {
	s.health.ready.Store(ready)
	if err := s.Serve(s.l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// probe asks for health over a connection of its own. Whatever the server
// itself answers will do: it may well refuse to talk to strangers.
func (s *serving) probe(ctx context.Context) error {
	opts := []grpc.DialOption{grpc.WithContextDialer(s.dial)}
	var caller stranger.Client
	switch {
	case s.cfg.ProbeCredentials != nil:
		opts = append(opts, grpc.WithTransportCredentials(s.cfg.ProbeCredentials))
	case s.cfg.TLS != nil:
		opts = append(opts, grpc.WithTransportCredentials(credentials.NewTLS(caller.TLS())))
	}
	cc, err := newClient(s.l.Addr().String(), new(conn), opts...)
	if err != nil {
		return err
	}
	defer cc.Close()
	_, err = healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
	e, ok := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("health check: %w", err)
	case !ok || !e.NotSent(), caller.Asked():
		return nil
	case s.cfg.ProbeCredentials == nil && s.cfg.TLS == nil:
		return fmt.Errorf("health check: %w; a server with grpc.Creds needs kitgrpc.Config.ProbeCredentials to call itself, or Config.TLS in their place", err)
	}
	return fmt.Errorf("health check: %w", err)
}

func (s *serving) dial(ctx context.Context, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, s.l.Addr().Network(), s.l.Addr().String())
}

// close also releases a listener that was never served.
func (s *serving) close() error {
	s.leave()
	s.open.end(all)
	s.Stop()
	if err := s.l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
