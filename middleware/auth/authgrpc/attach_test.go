package authgrpc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/middleware/auth/authgrpc"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
)

func TestAttachOverTLS(t *testing.T) {
	ca := authtest.NewCA(t)
	addr := serve(t, service{}, append(authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()}), serverTLS(ca, tls.NoClientCert))...)
	token := func(context.Context) (string, error) { return key, nil }
	for name, cfg := range map[string]authgrpc.AttachConfig{
		"bearer": {Token: token},
		"key":    {Token: token, Header: "X-API-Key"},
		"scheme": {Token: token, Header: "authorization", Scheme: "bearer"},
	} {
		c := dial(t, addr, clientTLS(ca), grpc.WithPerRPCCredentials(authgrpc.Attach(cfg)))
		if who, err := unary(t.Context(), c); who != "billing" || err != nil {
			t.Errorf("%s: %q %v", name, who, err)
		}
	}
}

func TestNoTokenOverPlaintext(t *testing.T) {
	asked := false
	cfg := authgrpc.AttachConfig{Token: func(context.Context) (string, error) { asked = true; return key, nil }}
	addr := serve(t, service{}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()})...)
	if _, err := grpc.NewClient(addr, plain(), grpc.WithPerRPCCredentials(authgrpc.Attach(cfg))); err == nil {
		t.Error("a connection without TLS takes a token")
	}
	// Per call grpc asks only whether it is wanted, so this is ours to refuse.
	if _, err := authgrpc.Attach(cfg).GetRequestMetadata(t.Context()); status.Code(err) != codes.Internal || asked {
		t.Errorf("got %v, asked %v", err, asked)
	}
	cfg.Plaintext = true
	c := dial(t, addr, plain(), grpc.WithPerRPCCredentials(authgrpc.Attach(cfg)))
	if who, err := unary(t.Context(), c); who != "billing" || err != nil {
		t.Errorf("told to: %q %v", who, err)
	}
}

func TestSourceFails(t *testing.T) {
	addr := serve(t, service{}, authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: known()})...)
	for want, tt := range map[string]struct {
		token string
		err   error
		code  codes.Code
	}{
		"token endpoint: refused":          {err: errors.New("token endpoint: refused"), code: codes.Unavailable},
		"the source returned an empty one": {code: codes.Unavailable},
		"no such account":                  {err: status.Error(codes.PermissionDenied, "no such account"), code: codes.PermissionDenied},
		context.DeadlineExceeded.Error():   {err: context.DeadlineExceeded, code: codes.DeadlineExceeded},
	} {
		cfg := authgrpc.AttachConfig{Plaintext: true, Token: func(context.Context) (string, error) { return tt.token, tt.err }}
		c := dial(t, addr, plain(), grpc.WithPerRPCCredentials(authgrpc.Attach(cfg)))
		if _, err := unary(t.Context(), c); status.Code(err) != tt.code || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %v %s", err, tt.code, want)
		}
	}
}
