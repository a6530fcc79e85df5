package kitgrpc_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// The alert with which a server turns strangers away is often lost.
func TestSelfProbeOfAServerThatWantsCertificates(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	l, err := transport.Listen("addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := kitgrpc.NewServer(kitgrpc.Config{TLS: &tls.Config{Certificates: web.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert}}).On(l)
	served := make(chan error, 1)
	go func() { served <- s.Serve(new(transport.Ready)) }()
	for range 30 {
		if err := s.Probe(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
