package kitotel_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/observe/kitotel"
)

// TestOneTraceOverStubs goes over a real connection between stubs: a call and a
// stream, which know nothing of traces.
func TestOneTraceOverStubs(t *testing.T) {
	there, here := newRig(t, kitotel.Config{}), newRig(t, kitotel.Config{})
	client := dialTraced(t, observe.Calls(there.config(observe.Server)))

	call := observe.Attempts(here.config(0))("a:1")(func(ctx context.Context, _ any) (any, error) {
		ctx = metadata.AppendToOutgoingContext(ctx, "user", "ann")
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
		if err != nil {
			return nil, err
		}
		stream, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
		if err != nil {
			return nil, err
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) { // the server's span has ended
			return nil, err
		}
		return nil, nil
	})
	if _, err := call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	attempt, spans := here.spans()[0].SpanContext, there.spans()
	if len(spans) != 2 {
		t.Fatalf("%d spans, want one of the call and one of the stream", len(spans))
	}
	for _, s := range spans {
		wantChild(t, attempt, s.Parent)
	}
}

// dialTraced is a client of a server whose calls are observed.
func dialTraced(t *testing.T, observed func(string) endpoint.Middleware) healthpb.HealthClient {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.StatsHandler(kitotel.ServerStatsHandler(nil)))
	healthpb.RegisterHealthServer(server, tracedServer{observed: observed})
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	cc, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(kitotel.ClientStatsHandler(nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cc.Close(); err != nil {
			t.Error(err)
		}
	})
	return healthpb.NewHealthClient(cc)
}

// tracedServer wants what its callers put into the metadata themselves.
type tracedServer struct {
	healthpb.UnimplementedHealthServer

	observed func(method string) endpoint.Middleware
}

func (s tracedServer) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &healthpb.HealthCheckResponse{}, s.serve(ctx)
}

func (s tracedServer) Watch(_ *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	return s.serve(stream.Context())
}

func (s tracedServer) serve(ctx context.Context) error {
	_, err := s.observed("Sum")(func(ctx context.Context, _ any) (any, error) {
		if md, _ := metadata.FromIncomingContext(ctx); len(md.Get("user")) != 1 {
			return nil, errors.New("the caller's own metadata is gone")
		}
		return nil, nil
	})(ctx, nil)
	return err
}
