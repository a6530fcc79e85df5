package kitgrpc

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/transport"
)

// healthServer is grpc's health service, but that a check also asks
// transport.Ready.
type healthServer struct {
	*health.Server

	services []string // everything that setReady speaks for
	ready    atomic.Pointer[transport.Ready]
}

func newHealth() *healthServer {
	h := &healthServer{Server: health.NewServer(), services: []string{""}}
	h.setReady(false)
	return h
}

// speakFor has h answer for the services of s, too.
func (h *healthServer) speakFor(s *grpc.Server) {
	for name := range s.GetServiceInfo() {
		h.services = append(h.services, name)
	}
	h.setReady(false)
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
