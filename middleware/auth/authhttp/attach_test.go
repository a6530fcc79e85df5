package authhttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/kitgen/kitgen/middleware/auth/authhttp"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
)

func TestAttachOverTLS(t *testing.T) {
	ca := authtest.NewCA(t)
	s := serve(t, ca, tls.NoClientCert)
	for name, cfg := range map[string]authhttp.AttachConfig{
		"bearer": {Token: token(key)},
		"key":    {Token: token(key), Header: "X-API-Key"},
		"scheme": {Token: token(key), Header: "Authorization", Scheme: "bearer"},
	} {
		if got, err := call(t, s.URL, client(t, ca), authhttp.Attach(cfg)); err != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if _, err := call(t, s.URL, client(t, ca), authhttp.Attach(authhttp.AttachConfig{Token: token("wrong")})); statusOf(err) != 401 {
		t.Error(err)
	}
}

// TestNothingLeavesWithoutItsToken counts the requests of calls that must not
// be made.
func TestNothingLeavesWithoutItsToken(t *testing.T) {
	var requests atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer s.Close()
	errSource := errors.New("token endpoint: refused")
	for _, tt := range []struct {
		name   string
		cfg    authhttp.AttachConfig
		want   error
		status int
	}{
		{"plaintext", authhttp.AttachConfig{Token: token(key)}, authhttp.ErrPlaintext, 500},
		{"no token", authhttp.AttachConfig{Plaintext: true, Token: func(context.Context) (string, error) { return "", errSource }}, errSource, 503},
		{"an empty token", authhttp.AttachConfig{Plaintext: true, Token: token("")}, nil, 503},
	} {
		_, err := call(t, s.URL, s.Client(), authhttp.Attach(tt.cfg))
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		shape, ok := errors.AsType[interface {
			error
			StatusCode() int
			NotSent() bool
			Rejected() bool
		}](err)
		if !ok || shape.StatusCode() != tt.status || !shape.NotSent() || !shape.Rejected() {
			t.Errorf("%s: %#v", tt.name, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if _, err := call(t, s.URL, s.Client(), authhttp.Attach(authhttp.AttachConfig{Token: token(key), Plaintext: true})); err != nil || requests.Load() != 1 {
		t.Errorf("%v, %d requests", err, requests.Load())
	}
}

// TestATokenIsNoHeaderOfItsOwn: a source must not be able to add a header.
func TestATokenIsNoHeaderOfItsOwn(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("sent %v", r.Header)
	}))
	defer s.Close()
	_, err := call(t, s.URL, s.Client(), authhttp.Attach(authhttp.AttachConfig{Token: token("a\r\nX-Admin: 1"), Plaintext: true}))
	if err == nil {
		t.Error("no error")
	}
}

func TestSourceSeesTheCallsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	attach := authhttp.Attach(authhttp.AttachConfig{Token: func(ctx context.Context) (string, error) { return "", ctx.Err() }})
	got := attach(ctx, &http.Request{URL: &url.URL{Scheme: "https"}, Header: http.Header{}})
	if !errors.Is(context.Cause(got), context.Canceled) {
		t.Error(context.Cause(got))
	}
}
