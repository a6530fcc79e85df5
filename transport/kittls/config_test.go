package kittls_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport/kittls"
)

func TestConfigsThatMakeNoSense(t *testing.T) {
	f := newFiles(t, newAuthority(t), hosts("addsvc"))
	server := func(cfg kittls.ServerConfig) error { _, err := kittls.Server(cfg); return err }
	client := func(cfg kittls.ClientConfig) error { _, err := kittls.Client(cfg); return err }
	for name, tt := range map[string]struct {
		err  error
		want []string
	}{
		"nothing to show":     {server(kittls.ServerConfig{}), []string{"ServerConfig.Cert and ServerConfig.Key", "needs both"}},
		"no key":              {server(kittls.ServerConfig{Cert: f.cert}), []string{"needs both"}},
		"clients of no CA":    {server(kittls.ServerConfig{Cert: f.cert, Key: f.key, Clients: []string{"dns:web"}}), []string{"ServerConfig.ClientCA is empty"}},
		"optional, of no CA":  {server(kittls.ServerConfig{Cert: f.cert, Key: f.key, Optional: true}), []string{"ServerConfig.ClientCA is empty"}},
		"a bare name":         {server(kittls.ServerConfig{Cert: f.cert, Key: f.key, ClientCA: f.ca, Clients: []string{"web"}}), []string{"ServerConfig.Clients[0]", "write dns:web"}},
		"nobody must answer":  {client(kittls.ClientConfig{CA: f.ca}), []string{"ClientConfig.Servers is empty", "dns:addsvc.prod.example"}},
		"an address":          {client(kittls.ClientConfig{CA: f.ca, Servers: []string{"127.0.0.1:8080"}}), []string{"ClientConfig.Servers[0]", "want dns:name"}},
		"a common name":       {client(kittls.ClientConfig{CA: f.ca, Servers: []string{"cn:addsvc"}}), []string{"ClientConfig.Servers[0]", "RFC 9525"}},
		"a wildcard":          {client(kittls.ClientConfig{CA: f.ca, Servers: []string{"dns:*.example"}}), []string{"ClientConfig.Servers[0]", "no single service's"}},
		"a key alone":         {client(kittls.ClientConfig{CA: f.ca, Key: f.key, Servers: []string{"dns:a"}}), []string{"one of Cert and Key"}},
		"all that is wrong":   {client(kittls.ClientConfig{Key: f.key, Servers: []string{"a", "b"}}), []string{"one of Cert", "Servers[0]", "Servers[1]"}},
		"no file at all":      {client(kittls.ClientConfig{CA: "no.crt", Cert: "neither.crt", Key: f.key, Servers: []string{"dns:a"}}), []string{"ClientConfig.CA: no.crt", "ClientConfig.Cert: neither.crt", "there is no such file"}},
		"the system's own CA": {client(kittls.ClientConfig{Servers: []string{"dns:a"}}), nil},
	} {
		if tt.want == nil {
			if tt.err != nil {
				t.Errorf("%s: %v", name, tt.err)
			}
			continue
		}
		for _, want := range tt.want {
			if tt.err == nil || !strings.HasPrefix(tt.err.Error(), "kittls: ") || !strings.Contains(tt.err.Error(), want) {
				t.Errorf("%s: %v\nwant %q", name, tt.err, want)
			}
		}
	}
}

// TestFilesThatMakeNoSense: every error has the field, the file and the mend.
func TestFilesThatMakeNoSense(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue(t, hosts("addsvc"))
	as := func(change func(*x509.Certificate)) func(files) {
		return func(f files) {
			cert, key := ca.issue(t, change)
			put(t, f.dir, "tls.crt", cert)
			put(t, f.dir, "tls.key", key)
		}
	}
	write := func(name string, content ...[]byte) func(files) {
		return func(f files) { put(t, f.dir, name, content...) }
	}
	der, _ := pem.Decode(cert)
	for name, tt := range map[string]struct {
		spoil func(files)
		want  []string
	}{
		"swapped":          {func(f files) { put(t, f.dir, "tls.crt", key) }, []string{"Config.Cert: ", "but PRIVATE KEY: are two files taken"}},
		"swapped key":      {func(f files) { put(t, f.dir, "tls.key", cert) }, []string{"Config.Key: ", "but CERTIFICATE: are two files taken"}},
		"DER":              {write("tls.crt", der.Bytes), []string{"Config.Cert: ", "openssl x509 -inform der"}},
		"text":             {write("tls.crt", []byte("hello")), []string{"Config.Cert: ", "-----BEGIN"}},
		"empty":            {write("ca.crt"), []string{"Config.", "ca.crt", "it is empty"}},
		"not for this key": {write("tls.crt", cert), []string{"Config.Key: ", "is not the key of the first certificate"}},
		"CA first":         {func(f files) { put(t, f.dir, "tls.crt", ca.pem, cert); put(t, f.dir, "tls.key", key) }, []string{"is not the key of the first certificate"}},
		"encrypted":        {write("tls.key", block("ENCRYPTED PRIVATE KEY", []byte("x"))), []string{"Config.Key: ", "is encrypted"}},
		"a broken key":     {write("tls.key", block("PRIVATE KEY", []byte("x"))), []string{"Config.Key: ", "openssl genpkey"}},
		"a broken cert":    {write("tls.crt", block("CERTIFICATE", []byte("x"))), []string{"Config.Cert: ", "certificate 1: x509: "}},
		"expired":          {as(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), []string{"Config.Cert: ", "expired at "}},
		"of tomorrow":      {as(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), []string{"Config.Cert: ", "clocks"}},
		"for e-mail":       {as(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), []string{"Config.Cert: ", "extended key usage ", "Auth"}},
		"may not sign":     {as(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), []string{"Config.Cert: ", "digitalSignature"}},
		"a folder":         {func(f files) { os.Remove(f.cert); os.Mkdir(f.cert, 0o700) }, []string{"Config.Cert: ", "no regular file"}},
		"endless":          {write("tls.crt", make([]byte, 4<<20+1)), []string{"Config.Cert: ", "more than 4 MiB"}},
		"below no folder":  {func(f files) { os.Remove(f.cert); os.Symlink(filepath.Join(f.key, "x"), f.cert) }, []string{"Config.Cert: ", "not a directory"}},
		"a CA that is none": {func(f files) {
			leaf, _ := ca.issue(t, func(c *x509.Certificate) { c.BasicConstraintsValid = true })
			put(t, f.dir, "ca.crt", leaf)
		}, []string{"ca.crt: certificate 1", "is no CA's"}},
		"old CAs": {func(f files) {
			old := *ca
			old.cert = &x509.Certificate{Subject: ca.cert.Subject}
			leaf, _ := old.issue(t, func(c *x509.Certificate) {
				c.NotAfter, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = time.Now().Add(-time.Minute), true, true, x509.KeyUsageCertSign
			})
			put(t, f.dir, "ca.crt", leaf)
		}, []string{"ca.crt: every CA in it has expired"}},
	} {
		f := newFiles(t, ca, hosts("addsvc"))
		tt.spoil(f)
		_, server := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key, ClientCA: f.ca})
		_, client := kittls.Client(kittls.ClientConfig{Cert: f.cert, Key: f.key, CA: f.ca, Servers: []string{"dns:a"}})
		for end, err := range map[string]error{"Server": server, "Client": client} {
			for _, want := range append(tt.want, "kittls: "+end+"Config.", f.dir) {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v\nwant %q", name, err, want)
				}
			}
		}
	}
}

func TestOneEndsUsageIsNotTheOthers(t *testing.T) {
	ca := newAuthority(t)
	f := newFiles(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	if _, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key}); err != nil {
		t.Error(err)
	}
	if _, err := kittls.Client(kittls.ClientConfig{Cert: f.cert, Key: f.key, Servers: []string{"dns:a"}}); err == nil || !strings.Contains(err.Error(), "clientAuth") {
		t.Error(err)
	}
}

// TestKeysOfAllForms: what openssl and others write, old and new.
func TestKeysOfAllForms(t *testing.T) {
	ca := newAuthority(t)
	ec := newKey(t)
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		public any
		pem    []byte
	}{
		"PKCS #8":             {&ec.PublicKey, pkcs8(t, ec)},
		"SEC 1":               {&ec.PublicKey, block("EC PRIVATE KEY", sec1)},
		"SEC 1 and its curve": {&ec.PublicKey, append(block("EC PARAMETERS", []byte{6}), block("EC PRIVATE KEY", sec1)...)},
		"PKCS #1":             {&rsaKey.PublicKey, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))},
		"RSA in PKCS #8":      {&rsaKey.PublicKey, pkcs8(t, rsaKey)},
		"a chain in the file": {&ec.PublicKey, append(pkcs8(t, ec), ca.pem...)},
	} {
		f := newFiles(t, ca, nil)
		put(t, f.dir, "tls.key", tt.pem)
		put(t, f.dir, "tls.crt", ca.certify(t, tt.public), ca.pem)
		certs, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key, ClientCA: f.ca})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		client := newFiles(t, ca, nil).client(t, nil, "dns:addsvc")
		if _, err, serverErr := shake(client.TLS(), certs.TLS()); err != nil {
			t.Errorf("%s: %v, server: %v", name, err, serverErr)
		}
	}
}

// certify makes a certificate for a key.
func (a *authority) certify(t *testing.T, public any) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: a.cert.SerialNumber, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, DNSNames: []string{"addsvc"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der)
}
