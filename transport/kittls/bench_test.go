package kittls_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
)

// BenchmarkHandshake compares with configs of crypto/tls that know one CA for
// ever, and take the address for the name of the service.
func BenchmarkHandshake(b *testing.B) {
	ca := newAuthority(b)
	s, c := newFiles(b, ca, hosts("addsvc")), newFiles(b, ca, hosts("web"))
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	server := &tls.Config{Certificates: []tls.Certificate{load(b, s)}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	client := &tls.Config{Certificates: []tls.Certificate{load(b, c)}, RootCAs: pool, ServerName: "addsvc"}
	for name, pair := range map[string][2]*tls.Config{
		"bare":   {client, server},
		"kittls": {c.client(b, nil, "dns:addsvc").TLS(), s.server(b, nil, "dns:web").TLS()},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err, serverErr := shake(pair[0], pair[1]); err != nil || serverErr != nil {
					b.Fatal(err, serverErr)
				}
			}
		})
	}
}

func load(b *testing.B, f files) tls.Certificate {
	b.Helper()
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		b.Fatal(err)
	}
	return pair
}
