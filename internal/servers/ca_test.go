package servers

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func newCA(t *testing.T) *CA {
	t.Helper()
	ca, err := NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func issue(t *testing.T, ca *CA, name string, validFor time.Duration, hosts ...string) Pair {
	t.Helper()
	p, err := ca.Issue(name, validFor, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// trust is what somebody who was given ca's file trusts.
func trust(t *testing.T, ca *CA) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		t.Fatalf("no certificate in %s", ca.File)
	}
	return pool
}

func load(t *testing.T, p Pair) *x509.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestCAIssues(t *testing.T) {
	t.Parallel()
	ca, other := newCA(t), newCA(t)
	cert := load(t, issue(t, ca, "alice", time.Hour))
	if cert.Subject.CommonName != "alice" {
		t.Errorf("common name = %q; want alice", cert.Subject.CommonName)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: trust(t, ca), DNSName: host}); err != nil {
			t.Errorf("verify for %s: %v", host, err)
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: trust(t, ca), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Errorf("verify as a client: %v", err)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: trust(t, other)}); !errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Errorf("verify by another CA = %v; want an unknown authority", err)
	}
	named := load(t, issue(t, ca, "bob", time.Hour, "server.dc1.consul"))
	if _, err := named.Verify(x509.VerifyOptions{Roots: trust(t, ca), DNSName: "server.dc1.consul"}); err != nil {
		t.Error(err)
	}
	if err := named.VerifyHostname("localhost"); err == nil {
		t.Error("good for localhost, which was not asked for")
	}
}

func TestCAIssuesExpired(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	cert := load(t, issue(t, ca, "late", -time.Minute))
	var invalid x509.CertificateInvalidError
	if _, err := cert.Verify(x509.VerifyOptions{Roots: trust(t, ca)}); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("verify = %v; want it expired", err)
	}
	if !cert.NotBefore.Before(cert.NotAfter) {
		t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
	}
}

// TestCARotates reads all the time, and must never see two files that do not
// match.
func TestCARotates(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	pair := issue(t, ca, "server", time.Hour)
	first := load(t, pair)
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			if _, err := tls.LoadX509KeyPair(pair.Cert, pair.Key); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range 50 {
		if again := issue(t, ca, "server", time.Hour); again != pair {
			t.Errorf("issued to %v; want %v as before", again, pair)
		}
	}
	close(stop)
	reader.Wait()
	if load(t, pair).SerialNumber.Cmp(first.SerialNumber) == 0 {
		t.Error("the certificate is the first one still")
	}
}

func TestCASaysWhatToMend(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(ca.File), "x.key"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Issue("x", time.Hour); err == nil {
		t.Error("issued for a key that is none")
	}
	if _, err := NewCA(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("NewCA in a folder that is not there = %v; want os.ErrNotExist", err)
	}
}
