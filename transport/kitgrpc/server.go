package kitgrpc

import (
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/conns"
	"github.com/kitgen/kitgen/transport/internal/guard"
)

// Config says what a Server adds to gRPC, and what one client can take from it.
// The zero value adds it all, and has limits fit for services that call each
// other.
type Config struct {
	Logger log.Logger  // panics of handlers, with their stacks; silent if nil
	TLS    *tls.Config // with which clients must talk, as transport/kittls makes it; plain text if nil

	MaxRecv    int // bytes of one message from a client; 4 MiB if zero, no limit if negative
	MaxSend    int // bytes of one message to a client; no limit if zero or negative
	MaxHeader  int // bytes of the metadata that comes with a call; 64 KiB if zero, no limit if negative
	MaxStreams int // calls at once over one connection, whose next ones wait at the client; 1024 if zero (as Envoy), no limit if negative
	MaxConns   int // connections at once, beyond which new ones are reset; a quarter of the files that the process may open if zero; no limit if negative

	StreamGrace time.Duration // how long streams go on once the drain has begun; a third of what the drain has left, but at most 5 s, if zero; not at all if negative

	Load             *Meter                           // measures calls, so that clients can avoid a busy server (lb.NewProbing); nobody is told if nil
	Utilization      func() float64                   // how much of what it can do this process does, 1 being all, for balancers that read ORCA; nobody is told if nil
	NoReflection     bool                             // do not register server reflection
	ProbeCredentials credentials.TransportCredentials // with which the self-probe connects to a server whose credentials came as grpc.Creds; not needed with TLS
}

// Server is a grpc.Server that knows whether its process wants traffic. Make
// it with NewServer, register the services on it, and hand On's result to
// transport.Serve.
type Server struct {
	*grpc.Server

	cfg      Config
	log      log.Logger
	calls    atomic.Uint64
	leaving  atomic.Bool // callers are to go elsewhere
	usage    *usage      // nil if nobody is told
	open     streams
	newcomer newcomers
	health   *healthServer
	offer    func() // registers what every server has, once
}

// NewServer makes a Server. It answers errors with ToStatus, and panics with
// Internal after logging them with their stack. What an error says by a method
//
//	RetryAfter() (after time.Duration, ok bool)
//
// anywhere in its tree about coming again goes into the trailer
// grpc-retry-pushback-ms (gRPC's proposal A6; -1 is never), and what a client of
// Factory tells of its attempts into the handler's context.
//
// A stream has a window of 1 MiB; more suits large messages over long ways
// (grpc.InitialWindowSize). It allows the keepalive pings of Factory's clients (one per 5 s, also without a
// call), notices within about a minute a client that is gone, and gives a new
// connection 10 s for its handshake. opts come last and may replace any of this;
// interceptors among them are inside of the server's own, and see what handlers
// return. (Give them as grpc.Chain…Interceptor: grpc.UnaryInterceptor puts one
// outside of all.)
//
// A Server has goroutines from the start. transport.Serve closes it; one that it
// never gets is to be stopped.
func NewServer(cfg Config, opts ...grpc.ServerOption) *Server {
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	s := &Server{cfg: cfg, log: level.Error(cfg.Logger)}
	if cfg.Utilization != nil {
		s.usage = newUsage(s.utilization)
	}
	s.Server = grpc.NewServer(append(s.options(), opts...)...)
	s.health = newHealth()
	s.offer = sync.OnceFunc(s.register)
	return s
}

// On is s on l, for transport.Serve. Register the services before: it adds the
// gRPC health service, for them and for the whole; reflection; with Config.Load
// the service that answers probes, and with Config.Utilization that which streams
// ORCA reports. (Where s has one of these
// already it stays as it is, and is yours to keep right.) Several listeners
// are several calls, all before the first is served.
//
// Health is SERVING while the process wants traffic. Once it does not, all
// answers say so in their trailer, and those of streams in their header, too
// (kit-draining), so that a client of Factory goes elsewhere before the registry
// tells it to. When the drain begins, connections are told to make no more
// calls (GOAWAY). Streams have Config.StreamGrace left; then their context ends
// with the cause transport.ErrStopping, a Recv or Send that waits returns, and
// whatever the handler returns the client is told ErrStopping, since a stream
// that stopped halfway must not look complete. Streams of health and reflection
// end at once.
func (s *Server) On(l net.Listener) transport.Server {
	s.offer()
	on := &serving{Server: s, l: conns.Limit(l, s.cfg.MaxConns)}
	return transport.Server{
		Name:     "grpc",
		Addr:     l.Addr(),
		Serve:    on.serve,
		Probe:    on.probe,
		SetReady: s.setReady,
		Calls:    s.calls.Load,
		Shutdown: s.shutdown,
		Close:    on.close,
	}
}

// register adds the services that every server has.
func (s *Server) register() {
	s.health.speakFor(s.Server)
	if !s.has(healthpb.Health_ServiceDesc.ServiceName) {
		healthpb.RegisterHealthServer(s.Server, s.health)
	}
	if !s.cfg.NoReflection && !s.has("grpc.reflection.v1.ServerReflection") && !s.has("grpc.reflection.v1alpha.ServerReflection") {
		reflection.Register(s.Server)
	}
	if s.cfg.Load != nil && !s.has(loadService) {
		registerLoad(s.Server, s.cfg.Load)
	}
	if s.usage != nil && !s.has(orcaService) {
		registerUsage(s.Server, s.usage)
	}
}

// has reports whether s serves a service already; grpc ends the process if one
// is registered twice.
func (s *Server) has(service string) bool {
	_, ok := s.GetServiceInfo()[service]
	return ok
}

// utilization is 0, which is none, where the function that is asked panics: it runs
// after a handler, where nothing would keep that from ending the process.
func (s *Server) utilization() (x float64) {
	err := guard.Call(func() error {
		x = s.cfg.Utilization()
		return nil
	})
	if err != nil {
		_ = s.log.Log("msg", "panic", "in", "kitgrpc.Config.Utilization", "err", err)
	}
	return x
}

func (s *Server) setReady(ready bool) {
	s.leaving.Store(!ready)
	s.health.setReady(ready)
}
