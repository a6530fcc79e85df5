package kitgrpc

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
)

// healthServer is grpc's health service, with two differences: a check also
// asks transport.Ready, and the streams of Watch end when the server stops,
// since GracefulStop waits for them and grpc's own last as long as their
// clients like.
type healthServer struct {
	*health.Server
	services []string // everything that setReady speaks for
	ready    atomic.Pointer[transport.Ready]
	ended    chan struct{} // closed by end
	end      func()
}

func newHealth(s *grpc.Server) *healthServer {
	h := &healthServer{Server: health.NewServer(), services: []string{""}, ended: make(chan struct{})}
	h.end = sync.OnceFunc(func() {
		h.Shutdown()
		close(h.ended)
	})
	for name := range s.GetServiceInfo() {
		h.services = append(h.services, name)
	}
	h.setReady(false)
	return h
}

func (h *healthServer) setReady(ready bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if ready {
		state = healthpb.HealthCheckResponse_SERVING
	}
	for _, name := range h.services {
		h.SetServingStatus(name, state)
	}
}

// Check answers for one moment.
func (h *healthServer) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	resp, err := h.Server.Check(ctx, req)
	ready := h.ready.Load()
	if err == nil && ready != nil && resp.Status == healthpb.HealthCheckResponse_SERVING && ready.Check(ctx) != nil {
		resp.Status = healthpb.HealthCheckResponse_NOT_SERVING
	}
	return resp, err
}

// Watch answers at every change of what setReady was told, until the client
// goes or the server stops.
func (h *healthServer) Watch(req *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	ctx, cancel := context.WithCancel(stream.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		select {
		case <-h.ended:
		case <-ctx.Done():
		}
	})
	defer wg.Wait()
	defer cancel()
	err := h.Server.Watch(req, &watchStream{stream, ctx})
	if stream.Context().Err() == nil {
		return status.Error(codes.Unavailable, "the server is stopping")
	}
	return err
}

// watchStream is a stream that also ends with the server.
type watchStream struct {
	healthpb.Health_WatchServer
	ctx context.Context // what Context returns is the interface's, not ours to choose
}

// Context is that of the stream, or ends before it.
func (s *watchStream) Context() context.Context { return s.ctx }
