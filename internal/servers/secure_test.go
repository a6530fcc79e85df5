package servers

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// secure tries a server that wants certificates of its clients: page is any
// that it has.
func secure(t *testing.T, run func(testing.TB, Options) *Server, page string) {
	t.Helper()
	ca := newCA(t)
	cert := issue(t, ca, "its-own", time.Hour)
	s := run(t, Options{TLS: &TLS{CA: ca, Cert: cert, VerifyClients: true}})

	mine, err := tls.LoadX509KeyPair(cert.Cert, cert.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := over(t, s, &tls.Config{RootCAs: trust(t, ca), Certificates: []tls.Certificate{mine}}, page); err != nil {
		t.Errorf("with a certificate: %v", err)
	}
	if err := over(t, s, &tls.Config{RootCAs: trust(t, ca)}, page); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without a certificate: %v; want the server to miss it", err)
	}
	if err := over(t, s, &tls.Config{RootCAs: trust(t, newCA(t))}, page); !errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Errorf("by another CA: %v; want it not trusted", err)
	}
	if err := over(t, s, nil, page); err == nil {
		t.Error("it answers in the clear too")
	}
	s.Kill()
	s.Start() // the probe shows a certificate
}

// over gets a page over TLS, or in the clear without a config.
func over(t *testing.T, s *Server, config *tls.Config, page string) error {
	t.Helper()
	scheme := "https"
	if config == nil {
		scheme = "http"
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+s.Endpoint()+page, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: config}}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

func TestEtcdTLS(t *testing.T) {
	t.Parallel()
	secure(t, Etcd, "/health")
}

func TestConsulTLS(t *testing.T) {
	t.Parallel()
	secure(t, Consul, "/v1/status/leader")
}

func TestEtcdIssuesItsOwnCertificate(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	s := Etcd(t, Options{TLS: &TLS{CA: ca}})
	if err := over(t, s, &tls.Config{RootCAs: trust(t, ca)}, "/health"); err != nil {
		t.Error(err)
	}
}

// TestEtcdReadsARotatedCertificate holds for whoever connects anew.
func TestEtcdReadsARotatedCertificate(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	cert := issue(t, ca, "server", time.Hour)
	s := Etcd(t, Options{TLS: &TLS{CA: ca, Cert: cert}})
	issue(t, ca, "server", -time.Minute)
	var invalid x509.CertificateInvalidError
	if err := over(t, s, &tls.Config{RootCAs: trust(t, ca)}, "/health"); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("after it expired: %v; want that said", err)
	}
	s.Stop()
	s.Start() // it is ready, if not to be trusted
	issue(t, ca, "server", time.Hour)
	if err := over(t, s, &tls.Config{RootCAs: trust(t, ca)}, "/health"); err != nil {
		t.Errorf("after it was issued again: %v", err)
	}
}

func TestEtcdRootPassword(t *testing.T) {
	t.Parallel()
	s := Etcd(t, Options{Etcd: EtcdOptions{RootPassword: "secret"}})
	login := func(password string) error {
		p := plain(s)
		_, err := EtcdOptions{RootPassword: password}.login(t.Context(), p)
		return err
	}
	for _, after := range []string{"start", "Kill and Start", "Wipe and Start"} {
		if err := login("secret"); err != nil {
			t.Errorf("after %s: %v", after, err)
		}
		if err := login("wrong"); err == nil {
			t.Errorf("after %s: a wrong password is accepted", after)
		}
		if _, err := etcdCall[struct{}](t.Context(), s.Endpoint(), "range", map[string][]byte{"key": []byte("k")}); err == nil {
			t.Errorf("after %s: a stranger may read", after)
		}
		switch after {
		case "start":
			s.Kill()
			s.Start()
		case "Kill and Start":
			s.Wipe()
			s.Start()
		}
	}
}

// plain is a probe from outside.
func plain(s *Server) probe {
	return probe{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, scheme: "http", addr: s.Endpoint()}
}

// TestEtcdQuota fills the backend until etcd takes no more, and starts it again
// in that state.
func TestEtcdQuota(t *testing.T) {
	t.Parallel()
	s := Etcd(t, Options{Etcd: EtcdOptions{Quota: 1 << 20}})
	put := func() error {
		return plain(s).post(t.Context(), "/v3/kv/put", map[string][]byte{"key": []byte("k"), "value": make([]byte, 256<<10)}, &struct{}{})
	}
	var err error
	for range 40 {
		if err = put(); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "database space exceeded") {
		t.Fatalf("put beyond the quota = %v; want no space", err)
	}
	s.Kill()
	s.Start()
	if err := put(); err == nil || !strings.Contains(err.Error(), "database space exceeded") {
		t.Errorf("put after Kill and Start = %v; want no space", err)
	}
}

func TestConsulACL(t *testing.T) {
	t.Parallel()
	const token = "11111111-2222-4333-8444-555555555555"
	s := Consul(t, Options{Consul: ConsulOptions{ManagementToken: token, Config: `node_meta { "from" = "the test" }`}})
	ask := func(p probe, page string) (string, error) {
		b, err := p.get(t.Context(), page)
		return string(b), err
	}
	const nodes = "/v1/catalog/nodes"
	mine := plain(s).with("X-Consul-Token", token)
	if b, err := ask(mine, nodes); err != nil || !strings.Contains(b, consulNode) {
		t.Errorf("with the token: %s, %v; want the node", b, err)
	}
	if b, err := ask(mine, "/v1/agent/self"); err != nil || !strings.Contains(b, "the test") {
		t.Errorf("with the token: %s, %v; want the meta that was added", b, err)
	}
	if b, err := ask(plain(s), nodes); err == nil && strings.Contains(b, consulNode) {
		t.Errorf("without a token: %s; want no nodes", b)
	}
	if _, err := ask(plain(s).with("X-Consul-Token", "00000000-0000-4000-8000-000000000000"), nodes); err == nil {
		t.Error("with a token that nobody made: want it refused")
	}
	s.Kill()
	s.Start()
}
