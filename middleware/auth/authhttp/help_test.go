package authhttp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
	"github.com/kitgen/kitgen/middleware/auth/authhttp"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
	"github.com/kitgen/kitgen/middleware/auth/mtls"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Both ends are go-kit's functions.
var (
	_ httptransport.RequestFunc = authhttp.Extract(authhttp.ExtractConfig{})
	_ httptransport.RequestFunc = authhttp.Attach(authhttp.AttachConfig{Token: token("t")})
)

const key = "c7a1e9d05b3f4286"

func token(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

// known is a guard that takes an API key, also as a bearer token, or a
// certificate.
func known() endpoint.Middleware {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret(key)}}, Bearer: true})
	return auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify, mtls.New(mtls.Config{Allow: []string{"cn:ops"}})}})
}

// handler is a service that answers with its caller, behind known.
func handler() http.Handler {
	return httptransport.NewServer(
		known()(func(ctx context.Context, _ any) (any, error) {
			p, _ := auth.From(ctx)
			return p.ID, nil
		}),
		func(context.Context, *http.Request) (any, error) { return nil, nil },
		kithttp.EncodeJSON,
		httptransport.ServerBefore(authhttp.Extract(authhttp.ExtractConfig{})),
		httptransport.ServerErrorEncoder(kithttp.EncodeError),
	)
}

// serve starts the service with TLS. Its clients may show a certificate, and
// with need they must.
func serve(t *testing.T, ca *authtest.CA, need tls.ClientAuthType) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler())
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{ca.Issue(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})},
		ClientCAs:    ca.Pool,
		ClientAuth:   need,
	}
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// client trusts ca and shows certs.
func client(t *testing.T, ca *authtest.CA, certs ...tls.Certificate) *http.Client {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: ca.Pool,
		// A client that is asked chooses by the server's CAs; an attacker does not.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(certs) == 0 {
				return new(tls.Certificate), nil
			}
			return &certs[0], nil
		},
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func named(cn string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: cn}}
}

// call is a go-kit client of the service.
func call(t *testing.T, base string, c *http.Client, before ...httptransport.RequestFunc) (string, error) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	e := httptransport.NewClient(http.MethodGet, u,
		func(context.Context, *http.Request, any) error { return nil },
		func(_ context.Context, resp *http.Response) (any, error) {
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusOK {
				return nil, &answer{resp.StatusCode, resp.Header, string(body)}
			}
			return string(body), err
		},
		httptransport.SetClient(c), httptransport.ClientBefore(before...),
	).Endpoint()
	got, err := e(t.Context(), nil)
	s, _ := got.(string)
	return s, err
}

// answer is a response that is no success.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a *answer) Error() string { return a.body }

func statusOf(err error) int {
	if a, ok := errors.AsType[*answer](err); ok {
		return a.status
	}
	return 0
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
