package examples

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kittls"
)

// secured is the code of docs/security.md for servers.
func secured(dir string, web, rpc net.Listener, handler http.Handler, logger log.Logger, use func([]transport.Server) error) error {
	certs, err := kittls.Server(kittls.ServerConfig{
		Cert: dir + "/tls.crt", Key: dir + "/tls.key",
		ClientCA: dir + "/ca.crt",
		Clients:  []string{"spiffe://prod.example/web", "dns:batch.prod.example"},
		Logger:   logger,
	})
	if err != nil {
		return err // every file that is missing, broken, expired or not for servers, and the mend
	}
	server := kitgrpc.NewServer(kitgrpc.Config{TLS: certs.TLS(), Logger: logger})
	servers := []transport.Server{
		kithttp.Server(web, handler, kithttp.Config{TLS: certs.TLS(), Logger: logger}),
		server.On(rpc),
	}
	return use(servers)
}

// trusting is the code of docs/security.md for clients.
func trusting(dir string, newEndpoint func(*url.URL, *http.Client) endpoint.Endpoint, newStub func(*grpc.ClientConn) endpoint.Endpoint, logger log.Logger, use func(overHTTP, overGRPC kitsd.Factory)) error {
	certs, err := kittls.Client(kittls.ClientConfig{
		CA:   dir + "/ca.crt",
		Cert: dir + "/tls.crt", Key: dir + "/tls.key",
		Servers: []string{"spiffe://prod.example/addsvc"},
		Logger:  logger,
	})
	if err != nil {
		return err
	}
	overHTTP := kithttp.Factory(newEndpoint, kithttp.ClientConfig{TLS: certs.TLS()})
	overGRPC := kitgrpc.Factory(newStub, grpc.WithTransportCredentials(credentials.NewTLS(certs.TLS())))
	use(overHTTP, overGRPC)
	return nil
}

// securityPage is docs/security.md.
func securityPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// issued is a folder with the files of a service, by a CA.
func issued(t *testing.T, ca *x509.Certificate, key *ecdsa.PrivateKey, id string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	own := newKey(t)
	uri, err := url.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.crt":  {Type: "CERTIFICATE", Bytes: sign(t, ca, ca, key, key)},
		"tls.crt": {Type: "CERTIFICATE", Bytes: sign(t, &x509.Certificate{URIs: []*url.URL{uri}, KeyUsage: x509.KeyUsageDigitalSignature}, ca, own, key)},
		"tls.key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, c, ca *x509.Certificate, own, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, c, ca, &own.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestTheCodeOfTheSecurityPageRuns has its client call its servers, and a
// stranger try to.
func TestTheCodeOfTheSecurityPageRuns(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	ca := &x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true}
	at, here, elsewhere := issued(t, ca, key, "spiffe://prod.example/addsvc"), issued(t, ca, key, "spiffe://prod.example/web"), issued(t, ca, key, "spiffe://prod.example/shop")
	web, err := transport.Listen("web", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpc, err := transport.Listen("rpc", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /get", kithttp.NewServer(func(_ context.Context, request any) (any, error) { return request, nil }, kithttp.DecodeJSON[item]))
	logger := log.NewNopLogger()
	err = secured(at, web, rpc, mux, logger, func(servers []transport.Server) error {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- transport.Serve(ctx, transport.Config{Servers: servers, Propagation: -1}) }()
		for dir, ok := range map[string]bool{here: true, elsewhere: false} {
			err := trusting(dir, newGet, newHealth, logger, func(overHTTP, overGRPC kitsd.Factory) {
				for addr, factory := range map[string]kitsd.Factory{web.Addr().String(): overHTTP, rpc.Addr().String(): overGRPC} {
					if err := once(t, factory, addr); ok != (err == nil) {
						t.Errorf("a client that may call: %t; %v", ok, err)
					}
				}
			})
			if err != nil {
				t.Error(err)
			}
		}
		stop()
		return <-ended
	})
	if err != nil {
		t.Error(err)
	}
}

func newGet(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[item](c, http.MethodPost, base, "/get")
}

func newHealth(cc *grpc.ClientConn) endpoint.Endpoint {
	return func(ctx context.Context, _ any) (any, error) {
		return healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
	}
}

func once(t *testing.T, factory kitsd.Factory, addr string) error {
	t.Helper()
	call, closer, err := factory(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = call(ctx, item{Name: "tea"})
	return err
}

// TestTheTargetsOfTheSecurityPageAreTaken touches no network and no file.
func TestTheTargetsOfTheSecurityPageAreTaken(t *testing.T) {
	t.Parallel()
	targets := 0
	for line := range strings.Lines(securityPage(t)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "etcd://") && !strings.HasPrefix(line, "consul://") {
			continue
		}
		targets++
		if _, err := sd.OpenHolder(line, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if targets != 2 {
		t.Errorf("the page has %d targets", targets)
	}
}
