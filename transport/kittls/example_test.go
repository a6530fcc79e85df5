package kittls_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/kitgen/kitgen/transport/kittls"
)

// issued is a folder with ca.crt, tls.crt and tls.key, for that SPIFFE ID.
func issued(ca *authority, name string) files {
	dir, err := os.MkdirTemp("", "kittls")
	if err != nil {
		log.Fatal(err)
	}
	return newFiles(noTest{dir: dir}, ca, id(name))
}

// noTest is what the helpers of tests need in an example.
type noTest struct {
	testing.TB

	dir string
}

func (noTest) Helper()           {}
func (n noTest) TempDir() string { return n.dir }
func (noTest) Fatal(args ...any) { log.Fatal(args...) }

func ExampleServer() {
	ca := newAuthority(noTest{})
	addsvc, web := issued(ca, "spiffe://prod.example/addsvc"), issued(ca, "spiffe://prod.example/web")
	defer os.RemoveAll(addsvc.dir)
	defer os.RemoveAll(web.dir)

	server, err := kittls.Server(kittls.ServerConfig{
		Cert: addsvc.cert, Key: addsvc.key,
		ClientCA: addsvc.ca, Clients: []string{"spiffe://prod.example/web"},
	})
	if err != nil {
		log.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("called by", r.TLS.VerifiedChains[0][0].URIs[0])
	}))
	s.TLS = server.TLS() // or kithttp.Config.TLS, kitgrpc.Config.TLS, credentials.NewTLS
	s.StartTLS()
	defer s.Close()

	client, err := kittls.Client(kittls.ClientConfig{
		CA: web.ca, Cert: web.cert, Key: web.key,
		Servers: []string{"spiffe://prod.example/addsvc"},
	})
	if err != nil {
		log.Fatal(err)
	}
	c := http.Client{Transport: &http.Transport{TLSClientConfig: client.TLS(), ForceAttemptHTTP2: true}}
	defer c.CloseIdleConnections()
	resp, err := c.Get(s.URL)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Proto, resp.Status)
	// Output:
	// called by spiffe://prod.example/web
	// HTTP/2.0 200 OK
}

func ExampleClient() {
	ca := newAuthority(noTest{})
	billing := issued(ca, "spiffe://prod.example/billing")
	defer os.RemoveAll(billing.dir)
	server, err := kittls.Server(kittls.ServerConfig{Cert: billing.cert, Key: billing.key})
	if err != nil {
		log.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = server.TLS()
	s.StartTLS()
	defer s.Close()

	client, err := kittls.Client(kittls.ClientConfig{CA: billing.ca, Servers: []string{"spiffe://prod.example/addsvc"}})
	if err != nil {
		log.Fatal(err)
	}
	c := http.Client{Transport: &http.Transport{TLSClientConfig: client.TLS()}}
	resp, err := c.Get(s.URL) // an address that somebody wrote into the registry
	if err == nil {
		resp.Body.Close()
	}
	if wrong, ok := errors.AsType[*kittls.Mismatch](err); ok {
		fmt.Println("want", wrong.Want)
		fmt.Println("got ", wrong.Got)
	}
	// Output:
	// want [spiffe://prod.example/addsvc]
	// got  [spiffe://prod.example/billing]
}
