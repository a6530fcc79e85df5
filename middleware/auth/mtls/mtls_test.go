package mtls_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/internal/authtest"
	"github.com/kitgen/kitgen/middleware/auth/mtls"
)

// cert returns a verified certificate with these URIs and DNS names.
func cert(cn string, uris []string, dnsNames ...string) *x509.Certificate {
	c := &x509.Certificate{
		Subject:   pkix.Name{CommonName: cn},
		Issuer:    pkix.Name{CommonName: "test CA"},
		DNSNames:  dnsNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	for _, u := range uris {
		parsed, err := url.Parse(u)
		if err != nil {
			panic(err)
		}
		c.URIs = append(c.URIs, parsed)
	}
	return c
}

func verify(c *x509.Certificate, allow ...string) (*auth.Principal, error) {
	return mtls.New(mtls.Config{Allow: allow})(context.Background(), auth.Credentials{Peer: c})
}

func TestWhichNameCounts(t *testing.T) {
	long := "spiffe://prod.example/" + strings.Repeat("a", 2048)
	for _, tt := range []struct {
		name   string
		cert   *x509.Certificate
		id     string // none: refused
		issuer string
	}{
		{"SPIFFE", cert("cn", []string{"spiffe://prod.example/billing/web"}, "web.internal"), "spiffe://prod.example/billing/web", "prod.example"},
		{"SPIFFE, the domain alone", cert("", []string{"spiffe://prod.example"}), "spiffe://prod.example", "prod.example"},
		{"two URIs", cert("cn", []string{"spiffe://prod.example/a", "spiffe://prod.example/b"}), "", ""},
		{"a URI of another kind", cert("cn", []string{"https://prod.example/a"}, "web.internal"), "", ""},
		{"SPIFFE with a port", cert("", []string{"spiffe://prod.example:80/a"}), "", ""},
		{"SPIFFE with a user", cert("", []string{"spiffe://u@prod.example/a"}), "", ""},
		{"SPIFFE with a query", cert("", []string{"spiffe://prod.example/a?b"}), "", ""},
		{"SPIFFE with a fragment", cert("", []string{"spiffe://prod.example/a#b"}), "", ""},
		{"SPIFFE with dots", cert("", []string{"spiffe://prod.example/a/../b"}), "", ""},
		{"SPIFFE with an escape", cert("", []string{"spiffe://prod.example/a%2fb"}), "", ""},
		{"SPIFFE with an empty segment", cert("", []string{"spiffe://prod.example/a//b"}), "", ""},
		{"SPIFFE with a slash at the end", cert("", []string{"spiffe://prod.example/a/"}), "", ""},
		{"SPIFFE in upper case", cert("", []string{"spiffe://Prod.example/a"}), "", ""},
		{"SPIFFE without a domain", cert("", []string{"spiffe:///a"}), "", ""},
		{"SPIFFE too long", cert("", []string{long}), "", ""},
		{"DNS", cert("cn", nil, "Web.internal", "other"), "dns:web.internal", "test CA"},
		{"common name", cert("etcd client", nil), "cn:etcd client", "test CA"},
		{"nothing", cert("", nil), "", ""},
	} {
		p, err := verify(tt.cert)
		if tt.id == "" {
			if !errors.Is(err, auth.ErrUnauthenticated) || errors.Is(err, auth.ErrMissing) {
				t.Errorf("%s: %v %v", tt.name, p, err)
			}
			continue
		}
		if err != nil || p.ID != tt.id || p.Issuer != tt.issuer || p.Method != "mtls" || p.Claims != tt.cert {
			t.Errorf("%s: %+v %v", tt.name, p, err)
		}
	}
	ip := cert("cn", nil)
	ip.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)}
	if p, err := verify(ip); err == nil {
		t.Errorf("an address became the name %s", p.ID)
	}
}

func TestAllow(t *testing.T) {
	web := cert("", []string{"spiffe://prod.example/billing/web"})
	for _, tt := range []struct {
		cert  *x509.Certificate
		allow string
		ok    bool
	}{
		{web, "spiffe://prod.example/billing/web", true},
		{web, "spiffe://prod.example/billing/*", true},
		{web, "spiffe://prod.example/*", true},
		{web, "spiffe://prod.example/billing", false},
		{web, "spiffe://prod.example/billing/web/*", false},
		{web, "spiffe://prod.example/billing/we/*", false},
		{web, "spiffe://prod.example", false},
		{web, "spiffe://prod/*", false},
		{cert("", []string{"spiffe://prod.example.evil/billing/web"}), "spiffe://prod.example/*", false},
		{cert("", []string{"spiffe://prod.example/billing-evil/web"}), "spiffe://prod.example/billing/*", false},
		{cert("", nil, "a.internal", "b.internal"), "dns:b.internal", true},
		{cert("", nil, "a.internal"), "dns:b.internal", false},
		{cert("spiffe://prod.example/billing/web", nil), "spiffe://prod.example/*", false}, // a name of another kind
		{cert("dns:b.internal", nil), "dns:b.internal", false},
		{cert("b.internal", nil), "dns:b.internal", false},
		{cert("", nil, "ops"), "cn:ops", false},
		{cert("ops", nil), "cn:ops", true},
	} {
		p, err := verify(tt.cert, "cn:somebody else", tt.allow)
		if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, auth.ErrForbidden) {
			t.Errorf("%s %v %v by %s: %v", tt.cert.Subject.CommonName, tt.cert.URIs, tt.cert.DNSNames, tt.allow, err)
		}
		if tt.ok && len(tt.cert.DNSNames) > 0 && p.ID != tt.allow {
			t.Errorf("ID %s, want the name that is allowed", p.ID)
		}
	}
}

func TestCertificateEndsBeforeItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cert("ops", nil)
		if _, err := verify(c); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour + 1)
		if _, err := verify(c); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("an expired certificate: %v", err)
		}
	})
}

func TestNotPresented(t *testing.T) {
	if _, err := verify(nil); !errors.Is(err, auth.ErrMissing) {
		t.Error(err)
	}
}

func TestParsedCertificate(t *testing.T) { // the names come from DER as from a literal
	ca := authtest.NewCA(t)
	id := &url.URL{Scheme: "spiffe", Host: "prod.example", Path: "/billing/web"}
	p, err := verify(ca.Issue(&x509.Certificate{URIs: []*url.URL{id}}).Leaf, "spiffe://prod.example/billing/*")
	if err != nil || p.ID != id.String() {
		t.Errorf("%v %v", p, err)
	}
}

func TestValidateNamesTheEntry(t *testing.T) {
	for _, allow := range []string{
		"", "*", "web.internal", "dns:", "dns:Web", "dns:*.internal", "cn:", "cn:*", "https://prod.example/a",
		"spiffe://", "spiffe://*", "spiffe:///*", "spiffe://prod.example/", "spiffe://prod.example*", "spiffe://prod.example/a*",
		"spiffe://prod.example/*/a", "spiffe://prod.example/*/*", "spiffe://Prod.example/a", "spiffe://prod.example/a b",
	} {
		cfg := mtls.Config{Allow: []string{"cn:ops", allow}}
		err := cfg.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), "mtls: Config.Allow[1] is ") || !strings.Contains(err.Error(), "want") {
			t.Errorf("%q: %v", allow, err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: New did not panic", allow)
				}
			}()
			mtls.New(cfg)
		}()
	}
}

func BenchmarkPeer(b *testing.B) {
	c := cert("", []string{"spiffe://prod.example/billing/web"})
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{mtls.New(mtls.Config{Allow: []string{"spiffe://prod.example/*"}})}})(endpoint.Nop)
	ctx := auth.WithCredentials(b.Context(), auth.Credentials{Peer: c})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := call(ctx, nil); err != nil {
			b.Fatal(err)
		}
	}
}
