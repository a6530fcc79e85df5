package kitgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/kitgen/kitgen/transport"
)

// Config is what Server adds to a grpc.Server. The zero value adds it all.
type Config struct {
	NoReflection     bool                             // do not register server reflection
	ProbeCredentials credentials.TransportCredentials // with which the self-probe connects where the server has credentials; insecure if nil
}

// Server is s on l, for transport.Serve. Register the services on s before: it
// adds the gRPC health service, for them and for the whole, and reflection.
// (Where s has either already it stays as it is, and is yours to keep right.)
// Health is SERVING while the process wants traffic, and health streams end
// when the server drains, so that no watcher holds it up. Make s with
// ServerOptions.
func Server(l net.Listener, s *grpc.Server, cfg Config) transport.Server {
	h := newHealth(s)
	if !has(s, healthpb.Health_ServiceDesc.ServiceName) {
		healthpb.RegisterHealthServer(s, h)
	}
	if !cfg.NoReflection && !has(s, "grpc.reflection.v1.ServerReflection") && !has(s, "grpc.reflection.v1alpha.ServerReflection") {
		reflection.Register(s)
	}
	srv := &server{l: l, grpc: s, health: h, creds: cfg.ProbeCredentials}
	return transport.Server{
		Name:     "grpc",
		Addr:     l.Addr(),
		Serve:    srv.serve,
		Probe:    srv.probe,
		SetReady: h.setReady,
		Shutdown: srv.shutdown,
		Close:    srv.close,
	}
}

// has reports whether s serves a service already; grpc ends the process if one
// is registered twice.
func has(s *grpc.Server, service string) bool {
	_, ok := s.GetServiceInfo()[service]
	return ok
}

type server struct {
	l      net.Listener
	grpc   *grpc.Server
	health *healthServer
	creds  credentials.TransportCredentials // of the self-probe; may be nil
}

func (s *server) serve(ready *transport.Ready) error {
	s.health.ready.Store(ready)
	if err := s.grpc.Serve(s.l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// probe asks for health over a connection of its own. Whatever the server
// itself answers will do: it may well refuse to talk to strangers.
func (s *server) probe(ctx context.Context) error {
	opts := []grpc.DialOption{grpc.WithContextDialer(s.dial)}
	if s.creds != nil {
		opts = append(opts, grpc.WithTransportCredentials(s.creds))
	}
	cc, err := newClient(s.l.Addr().String(), opts...)
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
	case !ok || !e.NotSent():
		return nil
	case s.creds == nil:
		return fmt.Errorf("health check: %w; a server with credentials needs kitgrpc.Config.ProbeCredentials to call itself", err)
	}
	return fmt.Errorf("health check: %w", err)
}

func (s *server) dial(ctx context.Context, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, s.l.Addr().Network(), s.l.Addr().String())
}

// shutdown drains: clients are told to go (GOAWAY), and calls in flight finish.
func (s *server) shutdown(ctx context.Context) error {
	s.health.end()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.grpc.Stop() // ends the calls' contexts and thereby GracefulStop, if the handlers heed them
	<-done
	return ctx.Err()
}

// close also releases a listener that was never served.
func (s *server) close() error {
	s.health.end()
	s.grpc.Stop()
	if err := s.l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
