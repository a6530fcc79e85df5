package authgrpc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	grpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/authgrpc"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

func TestMetadata(t *testing.T) {
	c := dial(t, serve(t, service{}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()})...), plain())
	for _, tt := range []struct {
		name   string
		pairs  []string
		code   codes.Code
		reason string
	}{
		{"key", []string{"x-api-key", key}, codes.OK, ""},
		{"bearer", []string{"authorization", "Bearer " + key}, codes.OK, ""},
		{"nothing", nil, codes.Unauthenticated, "no API key and no verified client certificate"},
		{"a wrong key", []string{"x-api-key", key + "x"}, codes.Unauthenticated, "unknown API key"},
		{"two keys", []string{"x-api-key", key, "x-api-key", key}, codes.Unauthenticated, "more than one API key"},
		{"two tokens", []string{"authorization", "Bearer " + key, "authorization", "Bearer x"}, codes.Unauthenticated, "more than one Authorization"},
		{"no token", []string{"authorization", "Bearer "}, codes.Unauthenticated, "not a scheme and its credentials"},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), tt.pairs...)
		for kind, call := range map[string]func(context.Context, healthpb.HealthClient) (string, error){"unary": unary, "stream": stream} {
			who, err := call(ctx, c)
			if status.Code(err) != tt.code || (who == "billing") != (tt.code == codes.OK) {
				t.Errorf("%s, %s: %q %v", tt.name, kind, who, err)
			}
			if err != nil && (!strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), key)) {
				t.Errorf("%s, %s: %v, want %q", tt.name, kind, err, tt.reason)
			}
		}
	}
}

func TestClientCertificates(t *testing.T) {
	ca, other := authtest.NewCA(t), authtest.NewCA(t)
	expired := named("ops")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		name string
		cert []tls.Certificate
		need tls.ClientAuthType
		want codes.Code // Unavailable: the handshake failed
	}{
		{"good", []tls.Certificate{ca.Issue(named("ops"))}, tls.VerifyClientCertIfGiven, codes.OK},
		{"not on the list", []tls.Certificate{ca.Issue(named("intern"))}, tls.VerifyClientCertIfGiven, codes.PermissionDenied},
		{"not presented", nil, tls.VerifyClientCertIfGiven, codes.Unauthenticated},
		{"not presented but needed", nil, tls.RequireAndVerifyClientCert, codes.Unavailable},
		{"of another CA", []tls.Certificate{other.Issue(named("ops"))}, tls.VerifyClientCertIfGiven, codes.Unavailable},
		{"expired", []tls.Certificate{ca.Issue(expired)}, tls.VerifyClientCertIfGiven, codes.Unavailable},
		{"of another CA, unverified", []tls.Certificate{other.Issue(named("ops"))}, tls.RequireAnyClientCert, codes.Unauthenticated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := append(authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()}), serverTLS(ca, tt.need))
			who, err := unary(t.Context(), dial(t, serve(t, service{}, opts...), clientTLS(ca, tt.cert...)))
			if status.Code(err) != tt.want || err == nil && who != "cn:ops" {
				t.Errorf("%q %v, want %v", who, err, tt.want)
			}
		})
	}
}

func TestPublicMethods(t *testing.T) {
	public := func(method string) bool { return method == "/grpc.health.v1.Health/Check" }
	c := dial(t, serve(t, service{}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known(), Public: public})...), plain())
	if who, err := unary(t.Context(), c); who != "nobody" || err != nil {
		t.Errorf("a public method: %q %v", who, err)
	}
	if _, err := stream(t.Context(), c); status.Code(err) != codes.Unauthenticated {
		t.Errorf("another method: %v", err)
	}
	public = func(string) bool { return true }
	c = dial(t, serve(t, service{}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known(), Public: public})...), plain())
	if who, err := stream(t.Context(), c); who != "nobody" || err != nil {
		t.Errorf("a public stream: %q %v", who, err)
	}
}

func TestServiceErrorsPassAsTheyAre(t *testing.T) {
	errBusiness := status.Error(codes.FailedPrecondition, "closed on Sundays")
	c := dial(t, serve(t, service{err: errBusiness}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()})...), plain())
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", key)
	for _, call := range []func(context.Context, healthpb.HealthClient) (string, error){unary, stream} {
		if _, err := call(ctx, c); status.Code(err) != codes.FailedPrecondition {
			t.Error(err)
		}
	}
}

// TestExtractOptionsTurnNobodyDown, and show the endpoint further in who calls.
func TestExtractOptionsTurnNobodyDown(t *testing.T) {
	shown := make(chan auth.Principal, 1)
	inside := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return known()(func(ctx context.Context, req any) (any, error) {
			p, _ := auth.From(ctx)
			shown <- p
			return handler(ctx, req)
		})(ctx, req)
	}
	opts := append(authgrpc.ExtractOptions(authgrpc.ExtractConfig{}), grpc.ChainUnaryInterceptor(inside))
	c := dial(t, serve(t, service{}, opts...), plain())
	if _, err := unary(metadata.AppendToOutgoingContext(t.Context(), "x-api-key", key), c); err != nil {
		t.Error(err)
	}
	if p := <-shown; p.ID != "billing" {
		t.Errorf("the endpoint sees %+v", p)
	}
	if _, err := stream(t.Context(), c); err != nil {
		t.Errorf("a stream that shows nothing is turned down: %v", err)
	}
}

type coded int

func (c coded) Error() string   { return "turned down" }
func (c coded) StatusCode() int { return int(c) }

func TestCodeOfAGuardsError(t *testing.T) {
	for err, want := range map[error]codes.Code{
		coded(401): codes.Unauthenticated, coded(403): codes.PermissionDenied, coded(429): codes.ResourceExhausted,
		coded(499): codes.Canceled, coded(503): codes.Unavailable, coded(504): codes.DeadlineExceeded,
		coded(418): codes.Unknown, errors.New("turned down"): codes.Unknown,
	} {
		guard := func(endpoint.Endpoint) endpoint.Endpoint {
			return func(context.Context, any) (any, error) { return nil, err }
		}
		c := dial(t, serve(t, service{}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: guard})...), plain())
		if _, got := unary(t.Context(), c); status.Code(got) != want || status.Convert(got).Message() != "turned down" {
			t.Errorf("%#v: %v, want %v", err, got, want)
		}
	}
}

// TestWithKitgrpc: the client sees the code as over HTTP, and interceptors
// outside of ours see the guard's own error.
func TestWithKitgrpc(t *testing.T) {
	seen := make(chan error, 1)
	watch := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		seen <- err
		return resp, err
	}
	opts := append([]grpc.ServerOption{grpc.ChainUnaryInterceptor(watch)}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()})...)
	_, err := unary(t.Context(), dial(t, serveBy(t, kitgrpc.NewServer(kitgrpc.Config{}, opts...).Server, service{}), plain()))
	e, ok := errors.AsType[*kitgrpc.Error](kitgrpc.FromError(err))
	if !ok || e.StatusCode() != 401 || e.ErrorCode() != "unauthenticated" || e.NotSent() {
		t.Errorf("%v", err)
	}
	if inside := <-seen; !errors.Is(inside, auth.ErrMissing) {
		t.Errorf("inside: %v", inside)
	}
}

// kitService is the same by go-kit's transport: the guard is around the endpoint.
type kitService struct {
	healthpb.UnimplementedHealthServer
	check grpctransport.Handler
}

func (s kitService) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	_, resp, err := s.check.ServeGRPC(ctx, req)
	if err != nil {
		return nil, err
	}
	return resp.(*healthpb.HealthCheckResponse), nil
}

func TestWithGoKit(t *testing.T) {
	same := func(_ context.Context, v any) (any, error) { return v, nil }
	h := grpctransport.NewServer(
		known()(func(ctx context.Context, _ any) (any, error) {
			return new(healthpb.HealthCheckResponse), service{}.tell(ctx)
		}), same, same, grpctransport.ServerBefore(authgrpc.Extract(authgrpc.ExtractConfig{})))
	ca := authtest.NewCA(t)
	addr := serveBy(t, kitgrpc.NewServer(kitgrpc.Config{}, serverTLS(ca, tls.VerifyClientCertIfGiven)).Server, kitService{check: h})
	if who, err := unary(t.Context(), dial(t, addr, clientTLS(ca, ca.Issue(named("ops"))))); who != "cn:ops" || err != nil {
		t.Errorf("with a certificate: %q %v", who, err)
	}
	if _, err := unary(t.Context(), dial(t, addr, clientTLS(ca))); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without: %v", err)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	token := func(context.Context) (string, error) { return "t", nil }
	for want, err := range map[string]error{
		"authgrpc: ServerConfig.Guard is nil":                   authgrpc.ServerConfig{}.Validate(),
		`authgrpc: ExtractConfig.APIKeyHeader is "a b"`:         authgrpc.ServerConfig{Guard: known(), Extract: authgrpc.ExtractConfig{APIKeyHeader: "a b"}}.Validate(),
		`authgrpc: ExtractConfig.APIKeyHeader is "key-bin"`:     authgrpc.ExtractConfig{APIKeyHeader: "key-bin"}.Validate(),
		`authgrpc: ExtractConfig.APIKeyHeader is "grpc-status"`: authgrpc.ExtractConfig{APIKeyHeader: "grpc-status"}.Validate(),
		"authgrpc: AttachConfig.Token is nil":                   authgrpc.AttachConfig{}.Validate(),
		`authgrpc: AttachConfig.Header is ":authority"`:         authgrpc.AttachConfig{Token: token, Header: ":authority"}.Validate(),
		`authgrpc: AttachConfig.Scheme is "a b"`:                authgrpc.AttachConfig{Token: token, Scheme: "a b"}.Validate(),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for name, f := range map[string]func(){
		"Extract":       func() { authgrpc.Extract(authgrpc.ExtractConfig{APIKeyHeader: ":"}) },
		"ServerOptions": func() { authgrpc.ServerOptions(authgrpc.ServerConfig{}) },
		"Attach":        func() { authgrpc.Attach(authgrpc.AttachConfig{}) },
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); err == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}

// FuzzExtract: whatever is in the metadata, only the key lets in.
func FuzzExtract(f *testing.F) {
	f.Add("Bearer "+key, "", "")
	f.Add("", key, key)
	f.Add("Bearer\x00", "é", "x")
	extract := authgrpc.Extract(authgrpc.ExtractConfig{})
	call := known()(endpoint.Nop)
	f.Fuzz(func(t *testing.T, authorization, one, two string) {
		_, err := call(extract(t.Context(), metadata.MD{"authorization": {authorization}, "x-api-key": {one, two}}), nil)
		if err == nil && !strings.HasSuffix(authorization, " "+key) {
			t.Errorf("%q %q %q is let in", authorization, one, two)
		}
	})
}
