package kittls_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/transport/kittls"
)

// authority is a CA for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: number(t), Subject: pkix.Name{CommonName: "test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, block("CERTIFICATE", der)}
}

func number(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// issue makes a certificate of what change leaves of a good one for both ends.
func (a *authority) issue(t testing.TB, change func(*x509.Certificate)) (cert, key []byte) {
	t.Helper()
	private := newKey(t)
	template := &x509.Certificate{
		SerialNumber: number(t),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der), pkcs8(t, private)
}

func pkcs8(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return block("PRIVATE KEY", der)
}

// id gives a certificate a SPIFFE ID, or any other URIs.
func id(uris ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, raw := range uris {
			u, err := url.Parse(raw)
			if err != nil {
				panic(err)
			}
			c.URIs = append(c.URIs, u)
		}
	}
}

func hosts(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames = names }
}

// put writes a file of dir, in one step.
func put(t testing.TB, dir, name string, content ...[]byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".part", bytes.Join(content, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// files has what a server or a client needs.
type files struct{ dir, cert, key, ca string }

func newFiles(t testing.TB, a *authority, change func(*x509.Certificate)) files {
	t.Helper()
	dir := t.TempDir()
	cert, key := a.issue(t, change)
	return files{dir, put(t, dir, "tls.crt", cert), put(t, dir, "tls.key", key), put(t, dir, "ca.crt", a.pem)}
}

func (f files) renew(t testing.TB, a *authority, change func(*x509.Certificate)) {
	t.Helper()
	cert, key := a.issue(t, change)
	put(t, f.dir, "tls.crt", cert)
	put(t, f.dir, "tls.key", key)
}

func (f files) server(t testing.TB, logger log.Logger, clients ...string) *kittls.Certs {
	t.Helper()
	c, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key, ClientCA: f.ca, Clients: clients, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f files) client(t testing.TB, logger log.Logger, servers ...string) *kittls.Certs {
	t.Helper()
	c, err := kittls.Client(kittls.ClientConfig{CA: f.ca, Cert: f.cert, Key: f.key, Servers: servers, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shake has two configs shake hands over memory, and send a byte both ways.
func shake(client, server *tls.Config) (state tls.ConnectionState, clientErr, serverErr error) {
	a, b := buffered()
	here, there := tls.Client(a, client), tls.Server(b, server)
	var done sync.WaitGroup
	done.Go(func() {
		if serverErr = there.Handshake(); serverErr == nil {
			_, serverErr = there.Write([]byte("x"))
		}
		_ = there.Close()
	})
	if clientErr = here.Handshake(); clientErr == nil {
		_, clientErr = io.ReadFull(here, make([]byte, 1))
	}
	state = here.ConnectionState()
	_ = here.Close()
	done.Wait()
	return state, clientErr, serverErr
}

// buffered is a connection within the process whose writes do not wait for
// reads: an alert finds nobody who reads, as in a network.
func buffered() (a, b net.Conn) {
	one, two := newStream(), newStream()
	return end{one, two}, end{two, one}
}

type stream struct {
	mu     sync.Mutex
	more   *sync.Cond
	buf    bytes.Buffer
	closed bool
}

func newStream() *stream {
	s := new(stream)
	s.more = sync.NewCond(&s.mu)
	return s
}

type end struct{ in, out *stream }

func (e end) Read(p []byte) (int, error) {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	for e.in.buf.Len() == 0 && !e.in.closed {
		e.in.more.Wait()
	}
	return e.in.buf.Read(p)
}

func (e end) Write(p []byte) (int, error) {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	defer e.out.more.Broadcast()
	if e.out.closed {
		return 0, net.ErrClosed
	}
	return e.out.buf.Write(p)
}

func (e end) Close() error {
	for _, s := range []*stream{e.in, e.out} {
		s.mu.Lock()
		s.closed = true
		s.more.Broadcast()
		s.mu.Unlock()
	}
	return nil
}

func (end) LocalAddr() net.Addr              { return new(net.IPAddr) }
func (end) RemoteAddr() net.Addr             { return new(net.IPAddr) }
func (end) SetDeadline(time.Time) error      { return nil }
func (end) SetReadDeadline(time.Time) error  { return nil }
func (end) SetWriteDeadline(time.Time) error { return nil }

// lines is a logger that keeps what it is told.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Log(keyvals ...any) error {
	var b bytes.Buffer
	err := log.NewLogfmtLogger(&b).Log(keyvals...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, b.String())
	return err
}

func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}
