package authgrpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"

	"github.com/go-kit/kit/endpoint"
	grpctransport "github.com/go-kit/kit/transport/grpc"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
	"github.com/kitgen/kitgen/middleware/auth/authgrpc"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
	"github.com/kitgen/kitgen/middleware/auth/mtls"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Extract is go-kit's function.
var _ grpctransport.ServerRequestFunc = authgrpc.Extract(authgrpc.ExtractConfig{})

const key = "c7a1e9d05b3f4286"

// known is a guard that takes an API key, also as a bearer token, or a
// certificate.
func known() endpoint.Middleware {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret(key)}}, Bearer: true})
	return auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify, mtls.New(mtls.Config{Allow: []string{"cn:ops"}})}})
}

// service tells its caller who that is, in a header. It is the health service
// because that has a unary method and a stream.
type service struct {
	healthpb.UnimplementedHealthServer
	err error // of every method
}

func (s service) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return new(healthpb.HealthCheckResponse), s.tell(ctx)
}

func (s service) Watch(_ *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	if err := s.tell(stream.Context()); err != nil {
		return err
	}
	return stream.Send(new(healthpb.HealthCheckResponse))
}

func (s service) tell(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	id := "nobody"
	if p, ok := auth.From(ctx); ok {
		id = p.ID
	}
	return grpc.SetHeader(ctx, metadata.Pairs("who", id))
}

// serve starts srv with the options and returns its address.
func serve(t *testing.T, srv healthpb.HealthServer, opts ...grpc.ServerOption) string {
	t.Helper()
	return serveBy(t, grpc.NewServer(opts...), srv)
}

// serveBy has s, which knows of the rest of kitgen or does not, serve srv.
func serveBy(t *testing.T, s *grpc.Server, srv healthpb.HealthServer) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	healthpb.RegisterHealthServer(s, srv)
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		<-done
	})
	return l.Addr().String()
}

func serverTLS(ca *authtest.CA, need tls.ClientAuthType) grpc.ServerOption {
	return grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{ca.Issue(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})},
		ClientCAs:    ca.Pool,
		ClientAuth:   need,
	}))
}

func clientTLS(ca *authtest.CA, certs ...tls.Certificate) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		RootCAs: ca.Pool,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(certs) == 0 {
				return new(tls.Certificate), nil
			}
			return &certs[0], nil
		},
	}))
}

func plain() grpc.DialOption { return grpc.WithTransportCredentials(insecure.NewCredentials()) }

func dial(t *testing.T, addr string, opts ...grpc.DialOption) healthpb.HealthClient {
	t.Helper()
	cc, err := grpc.NewClient(addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return healthpb.NewHealthClient(cc)
}

// unary and stream return whom the service saw.
func unary(ctx context.Context, c healthpb.HealthClient) (string, error) {
	var header metadata.MD
	_, err := c.Check(ctx, new(healthpb.HealthCheckRequest), grpc.Header(&header))
	return first(header), err
}

func stream(ctx context.Context, c healthpb.HealthClient) (string, error) {
	s, err := c.Watch(ctx, new(healthpb.HealthCheckRequest))
	if err != nil {
		return "", err
	}
	if _, err = s.Recv(); err != nil {
		return "", err
	}
	header, err := s.Header()
	return first(header), err
}

func first(header metadata.MD) string {
	if v := header.Get("who"); len(v) > 0 {
		return v[0]
	}
	return ""
}

func named(cn string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: cn}}
}
