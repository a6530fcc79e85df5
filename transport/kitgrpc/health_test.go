package kitgrpc_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

const (
	isServing  = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
)

// health is a client of the health service at addr.
func health(t *testing.T, addr string) (c healthpb.HealthClient) {
	connect(t, addr, func(cc *grpc.ClientConn) { c = healthpb.NewHealthClient(cc) })
	return c
}

func TestHealthIsReadiness(t *testing.T) {
	var cold atomic.Bool
	ready := &transport.Ready{Also: func(context.Context) error {
		if cold.Load() {
			return errors.New("cache is cold")
		}
		return nil
	}}
	l := listen(t)
	s := newServer(l, returning(nil))
	serve(t, s, transport.Config{Ready: ready, Propagation: -1})
	c := health(t, l.Addr().String())
	check := func(when string, want healthpb.HealthCheckResponse_ServingStatus) {
		t.Helper()
		for _, service := range []string{"", "test.Echo"} {
			resp, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil || resp.Status != want {
				t.Errorf("%s: %q is %v, %v, want %v", when, service, resp.GetStatus(), err, want)
			}
		}
	}
	check("up", isServing)
	cold.Store(true)
	check("cold", notServing)
	cold.Store(false)
	check("warm", isServing)
	s.SetReady(false)
	check("leaving", notServing)
	if _, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "test.Other"}); status.Code(err) != codes.NotFound {
		t.Errorf("unknown service: %v", err)
	}
}

// TestWatchersDoNotHoldUpTheStop: grpc's GracefulStop waits for a health
// stream as for any other (grpc-go #8776), and its client for a better server.
func TestWatchersDoNotHoldUpTheStop(t *testing.T) {
	l := listen(t)
	p := serve(t, newServer(l, returning(nil)), transport.Config{Propagation: -1})
	w, err := health(t, l.Addr().String()).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func() healthpb.HealthCheckResponse_ServingStatus {
		t.Helper()
		resp, err := w.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status
	}
	if got := next(); got != isServing {
		t.Errorf("up: %v", got)
	}
	p.stop()
	// The last word may be lost where leaving and draining are one moment.
	resp, err := w.Recv()
	if err == nil {
		if resp.Status != notServing {
			t.Errorf("leaving: %v", resp.Status)
		}
		_, err = w.Recv()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ended with %v", err)
	}
	if err := <-p.result; err != nil {
		t.Errorf("the stop was not clean: %v", err)
	}
}

func TestWatchEndsWithItsClient(t *testing.T) {
	c := health(t, start(t, returning(nil)))
	ctx, cancel := context.WithCancel(t.Context())
	w, err := c.Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := w.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestOwnHealthIsKept(t *testing.T) {
	l := listen(t)
	s := kitgrpc.NewServer(kitgrpc.Config{})
	healthpb.RegisterHealthServer(s, healthpb.UnimplementedHealthServer{})
	serve(t, s.On(l), transport.Config{Propagation: -1})
	if _, err := health(t, l.Addr().String()).Check(t.Context(), &healthpb.HealthCheckRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("%v", err)
	}
}
