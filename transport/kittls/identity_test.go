package kittls_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/mtls"
	"github.com/kitgen/kitgen/transport/kittls"
)

func all(changes ...func(*x509.Certificate)) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, f := range changes {
			f(c)
		}
	}
}

func common(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: name} }
}

// TestWhoMustAnswer has servers with all kinds of certificates of the same CA
// answer a client that wants somebody.
func TestWhoMustAnswer(t *testing.T) {
	ca := newAuthority(t)
	const pay = "spiffe://prod.example/pay/api"
	for name, tt := range map[string]struct {
		change func(*x509.Certificate)
		want   string
		ok     bool
	}{
		"DNS":                       {hosts("addsvc", "addsvc.prod.example"), "dns:addsvc.prod.example", true},
		"DNS, letter case":          {hosts("AddSvc.prod.Example"), "dns:addsvc.prod.example", true},
		"another DNS name":          {hosts("billing.prod.example"), "dns:addsvc.prod.example", false},
		"the name of a parent":      {hosts("prod.example"), "dns:addsvc.prod.example", false},
		"a wildcard":                {hosts("*.prod.example"), "dns:addsvc.prod.example", false},
		"a URI for a DNS name":      {id("dns:addsvc.prod.example"), "dns:addsvc.prod.example", false},
		"a common name for a DNS":   {common("addsvc.prod.example"), "dns:addsvc.prod.example", false},
		"no name":                   {nil, "dns:addsvc.prod.example", false},
		"SPIFFE":                    {id(pay), pay, true},
		"SPIFFE and DNS, by ID":     {all(id(pay), hosts("pay")), pay, true},
		"SPIFFE and DNS, by DNS":    {all(id(pay), hosts("pay")), "dns:pay", true},
		"below a path":              {id(pay), "spiffe://prod.example/pay/*", true},
		"of a trust domain":         {id(pay), "spiffe://prod.example/*", true},
		"below another path":        {id(pay), "spiffe://prod.example/pa/*", false},
		"of another trust domain":   {id("spiffe://prod.example.evil/pay/api"), "spiffe://prod.example/*", false},
		"above":                     {id("spiffe://prod.example/pay"), pay, false},
		"a name that goes on":       {id("spiffe://prod.example/pay/api2"), pay, false},
		"two URIs":                  {id(pay, "spiffe://prod.example/other"), pay, false},
		"a URI beside it":           {id(pay, "https://prod.example/"), pay, false},
		"no path":                   {id("spiffe://prod.example"), "spiffe://prod.example", false},
		"a slash at the end":        {id(pay + "/"), "spiffe://prod.example/*", false},
		"dots":                      {id("spiffe://prod.example/pay/../api"), "spiffe://prod.example/pay/*", false},
		"an escape":                 {id("spiffe://prod.example/pay%2fapi"), "spiffe://prod.example/*", false},
		"a port":                    {id("spiffe://prod.example:1/pay/api"), "spiffe://prod.example/*", false},
		"a query":                   {id(pay + "?a"), "spiffe://prod.example/*", false},
		"a CA":                      {all(id(pay), func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), pay, false},
		"a key that signs CRLs":     {all(id(pay), func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }), pay, false},
		"a key with no usage given": {all(id(pay), func(c *x509.Certificate) { c.KeyUsage = 0 }), pay, false},
	} {
		server := newFiles(t, ca, tt.change)
		client := newFiles(t, ca, hosts("client")).client(t, nil, "dns:somebody-else", tt.want)
		_, err, serverErr := shake(client.TLS(), server.server(t, nil).TLS())
		if tt.ok {
			if err != nil || serverErr != nil {
				t.Errorf("%s: %v, server: %v", name, err, serverErr)
			}
			continue
		}
		wrong, ok := errors.AsType[*kittls.Mismatch](err)
		if !ok || !slices.Contains(wrong.Want, tt.want) || !strings.Contains(err.Error(), "registry") {
			t.Errorf("%s: %v", name, err)
		}
		if got := client.Stats().Refused; got != 1 {
			t.Errorf("%s: %d refused", name, got)
		}
	}
}

func TestAnImpostorIsNamedInFull(t *testing.T) {
	ca := newAuthority(t)
	server := newFiles(t, ca, all(id("spiffe://prod.example/billing"), hosts("billing"))).server(t, nil)
	client := newFiles(t, ca, hosts("web")).client(t, nil, "spiffe://prod.example/addsvc")
	_, err, _ := shake(client.TLS(), server.TLS())
	const want = `tls: another service answered: want "spiffe://prod.example/addsvc", got "spiffe://prod.example/billing" or "dns:billing"; the registry may have a wrong entry for this address, or somebody takes the place of the service; nothing was sent`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAnImpostorWithManyNamesFillsNoLog(t *testing.T) {
	ca := newAuthority(t)
	many := make([]string, 500)
	for i := range many {
		many[i] = strings.Repeat("x", 60) + "." + strings.Repeat("y", i%60+1)
	}
	client := newFiles(t, ca, hosts("web")).client(t, nil, "dns:addsvc")
	_, err, _ := shake(client.TLS(), newFiles(t, ca, hosts(many...)).server(t, nil).TLS())
	wrong, ok := errors.AsType[*kittls.Mismatch](err)
	if !ok || len(wrong.Got) != 500 || len(err.Error()) > 2000 || !strings.Contains(err.Error(), "or 492 more") {
		t.Errorf("%v", err)
	}
}

// TestTheAddressDoesNotMatter: gRPC and net/http set ServerName to what they dial.
func TestTheAddressDoesNotMatter(t *testing.T) {
	ca := newAuthority(t)
	server := newFiles(t, ca, hosts("addsvc")).server(t, nil)
	files := newFiles(t, ca, hosts("web"))
	for _, dialled := range []string{"", "127.0.0.1", "billing", "addsvc"} {
		good, bad := files.client(t, nil, "dns:addsvc").TLS(), files.client(t, nil, "dns:billing").TLS()
		good.ServerName, bad.ServerName = dialled, dialled
		if _, err, _ := shake(good, server.TLS()); err != nil {
			t.Errorf("dialled %q: %v", dialled, err)
		}
		if _, err, _ := shake(bad, server.TLS()); err == nil {
			t.Errorf("dialled %q: somebody else was taken for the service", dialled)
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	ca := newAuthority(t)
	server := newFiles(t, ca, hosts("addsvc"))
	for name, tt := range map[string]struct {
		change  func(*x509.Certificate)
		clients []string
		ok      bool
	}{
		"anybody of the CA": {nil, nil, true},
		"SPIFFE":            {id("spiffe://prod.example/web"), []string{"cn:ops", "spiffe://prod.example/*"}, true},
		"common name":       {common("ops"), []string{"cn:ops"}, true},
		"a name beside it":  {all(common("ops"), hosts("web")), []string{"cn:ops"}, false},
		"DNS":               {hosts("web"), []string{"dns:web"}, true},
		"another":           {hosts("shop"), []string{"dns:web"}, false},
		"a URI of the kind": {id("cn:ops"), []string{"cn:ops"}, false},
	} {
		certs := server.server(t, nil, tt.clients...)
		_, err, serverErr := shake(newFiles(t, ca, tt.change).client(t, nil, "dns:addsvc").TLS(), certs.TLS())
		if tt.ok != (err == nil) || tt.ok != (serverErr == nil) {
			t.Errorf("%s: %v, server: %v", name, err, serverErr)
		}
		if _, ok := errors.AsType[*kittls.Mismatch](serverErr); ok == tt.ok {
			t.Errorf("%s: %v", name, serverErr)
		}
		if got := certs.Stats().Refused; tt.ok != (got == 0) {
			t.Errorf("%s: %d refused", name, got)
		}
	}
}

func TestClientsWithoutACertificate(t *testing.T) {
	ca := newAuthority(t)
	f := newFiles(t, ca, hosts("addsvc"))
	bare, err := kittls.Client(kittls.ClientConfig{CA: f.ca, Servers: []string{"dns:addsvc"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err, serverErr := shake(bare.TLS(), f.server(t, nil, "dns:web").TLS())
	if err == nil || !strings.Contains(err.Error(), "certificate required") || serverErr == nil {
		t.Errorf("%v, server: %v", err, serverErr)
	}
	optional, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key, ClientCA: f.ca, Clients: []string{"dns:web"}, Optional: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err, serverErr := shake(bare.TLS(), optional.TLS()); err != nil || serverErr != nil {
		t.Errorf("optional: %v, server: %v", err, serverErr)
	}
	if _, _, serverErr := shake(newFiles(t, ca, hosts("shop")).client(t, nil, "dns:addsvc").TLS(), optional.TLS()); serverErr == nil {
		t.Error("optional: one that shows the wrong certificate was let in")
	}
	plain, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err, serverErr := shake(bare.TLS(), plain.TLS()); err != nil || serverErr != nil {
		t.Errorf("no client CA: %v, server: %v", err, serverErr)
	}
}

// TestEndpointsSeeTheSameNames: what middleware/auth/mtls lets in, the server
// must have let in before, by the same list. (The other way round an endpoint is
// stricter: a certificate with a SPIFFE ID has no other name there.)
func TestEndpointsSeeTheSameNames(t *testing.T) {
	ca := newAuthority(t)
	lists := [][]string{{"dns:web"}, {"cn:ops"}, {"spiffe://prod.example/*"}, {"spiffe://prod.example/web"}, {"dns:shop", "cn:web"}}
	for name, change := range map[string]func(*x509.Certificate){
		"dns": hosts("web", "other"), "cn": common("ops"), "id": id("spiffe://prod.example/web"), "both": all(id("spiffe://prod.example/web"), hosts("web")),
		"uris": id("spiffe://prod.example/web", "spiffe://prod.example/shop"), "uri": all(id("https://web/"), hosts("web")), "none": nil,
	} {
		for _, list := range lists {
			var peer *x509.Certificate
			cfg := newFiles(t, ca, hosts("addsvc")).server(t, nil, list...).TLS()
			forClient := cfg.GetConfigForClient
			cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				c, err := forClient(h)
				c.VerifyPeerCertificate = func(_ [][]byte, verified [][]*x509.Certificate) error {
					peer = verified[0][0]
					return nil
				}
				return c, err
			}
			_, _, err := shake(newFiles(t, ca, change).client(t, nil, "dns:addsvc").TLS(), cfg)
			if peer == nil {
				t.Fatalf("%s %v: no chain was verified: %v", name, list, err)
			}
			_, endpointErr := mtls.New(mtls.Config{Allow: list})(context.Background(), auth.Credentials{Peer: peer})
			if endpointErr == nil && err != nil {
				t.Errorf("%s by %v: the endpoint lets it in, and the server does not: %v", name, list, err)
			}
			if endpointErr != nil && err == nil && name != "both" && name != "uri" {
				t.Errorf("%s by %v: the server lets it in, and the endpoint does not: %v", name, list, endpointErr)
			}
		}
	}
}

func TestNamesAreCheckedAsEndpointsCheckThem(t *testing.T) {
	f := newFiles(t, newAuthority(t), nil)
	for _, name := range []string{
		"", "*", "web.internal", "dns:", "dns:Web", "dns:*.internal", "dns:web", "cn:", "cn:*", "cn:ops", "https://prod.example/a",
		"spiffe://", "spiffe://*", "spiffe:///*", "spiffe://prod.example", "spiffe://prod.example/", "spiffe://prod.example*", "spiffe://prod.example/a*",
		"spiffe://prod.example/a", "spiffe://prod.example/a/*", "spiffe://prod.example/*", "spiffe://prod.example/*/a", "spiffe://prod.example/*/*",
		"spiffe://Prod.example/a", "spiffe://prod.example/a b", "spiffe://prod.example/" + strings.Repeat("a", 2048),
	} {
		theirs := mtls.Config{Allow: []string{name}}.Validate()
		_, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key, ClientCA: f.ca, Clients: []string{"dns:a", name}})
		if (err == nil) != (theirs == nil) {
			t.Errorf("%q: %v; an endpoint: %v", name, err, theirs)
		}
		if err != nil && (!strings.Contains(err.Error(), "ServerConfig.Clients[1] is ") || !strings.Contains(err.Error(), "want") && !strings.Contains(err.Error(), "stands only")) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
