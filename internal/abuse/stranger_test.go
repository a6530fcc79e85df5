package abuse

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/wrapperspb"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kittls"
)

// raw is a client that looks at no certificate of the server, and shows pair.
func raw(t *testing.T, pair *servers.Pair) *tls.Config {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true}
	if pair != nil {
		cert, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
		if err != nil {
			t.Fatal(err)
		}
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	}
	return cfg
}

// alert is what a client is told who listens. One that begins to send at once
// may find the connection reset before it reads that.
func alert(t *testing.T, addr string, cfg *tls.Config) error {
	t.Helper()
	c := dial(t, addr, cfg)
	defer c.Close()
	_, err := c.Read(make([]byte, 1))
	return err
}

// dial opens a TLS connection, for at most as long as nothing hangs.
func dial(t *testing.T, addr string, cfg *tls.Config) *tls.Conn {
	t.Helper()
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: hung}, Config: cfg}
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(hung))
	return c.(*tls.Conn)
}

// get is what one HTTP request is answered with.
func get(t *testing.T, url string, cfg *tls.Config) (int, string, error) {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), hung)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// invoke is what one gRPC call is answered with.
func invoke(t *testing.T, addr string, opts ...grpc.DialOption) error {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+addr, append(opts, grpc.WithNoProxy())...)
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	ctx, cancel := context.WithTimeout(t.Context(), hung)
	defer cancel()
	return cc.Invoke(ctx, say, wrapperspb.String("tea"), new(wrapperspb.StringValue))
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	tr := newTrust(t)
	s := start(t, tr, "addsvc", options{})
	calling(t, s)
	other := newTrust(t)
	expired, wrong, foreign := tr.issue(t, "late", -time.Minute), tr.issue(t, "shop", time.Hour), other.issue(t, "caller", time.Hour)
	for _, tt := range []struct {
		row  string
		pair *servers.Pair
		want string
	}{
		{"a TLS client without a certificate", nil, "tls: certificate required"},
		{"an expired client certificate", &expired, "tls: expired certificate"},
		{"a client certificate with the wrong name", &wrong, "tls: bad certificate"},
		{"a client certificate of another CA", &foreign, "tls: unknown certificate authority"},
	} {
		cfg := raw(t, tt.pair)
		says(t, tt.row+", HTTP", alert(t, s.http, cfg), tt.want)
		says(t, tt.row+", gRPC", alert(t, s.grpc, cfg), tt.want)
		if _, _, err := get(t, "https://"+s.http+"/healthz", cfg); err == nil {
			t.Errorf("%s was answered over HTTP", tt.row)
		}
		err := invoke(t, s.grpc, grpc.WithTransportCredentials(credentials.NewTLS(cfg)))
		says(t, tt.row+", a call", err, "Unavailable")
		documented(t, tt.row, tt.want, tt.want)
	}
	const row = "a client without TLS"
	status, body, err := get(t, "http://"+s.http+"/healthz", nil)
	if err != nil || status != http.StatusBadRequest {
		t.Errorf("%s: %d %v", row, status, err)
	}
	t.Logf("%s: %d %s", row, status, body)
	err = invoke(t, s.grpc, plaintext())
	says(t, row, err, "Unavailable")
	documented(t, row, "400", "Unavailable")
}

// TestImpostor has the registry name a service that has a good certificate, of
// another service.
func TestImpostor(t *testing.T) {
	t.Parallel()
	tr := newTrust(t)
	impostor, s := start(t, tr, "billing", options{}), start(t, tr, "addsvc", options{})
	calling(t, s)
	certs := tr.client(t, tr.issue(t, "caller", time.Hour))
	const row, want = "an impostor in the registry", "another service answered: want "
	for _, wire := range []struct {
		name, wrong, right string
		factory            kitsd.Factory
	}{{"HTTP", impostor.http, s.http, overHTTP(certs)}, {"gRPC", impostor.grpc, s.grpc, overGRPC(certs)}} {
		err := through(t, sd.Fixed{{Addr: wire.wrong}}, wire.factory, one)
		says(t, row+", "+wire.name, err, want)
		_, typed := errors.AsType[*kittls.Mismatch](err)
		if typed != (wire.name == "HTTP") { // gRPC keeps a text alone
			t.Errorf("%s: is a Mismatch: %t", wire.name, typed)
		}
		err = through(t, sd.Fixed{{Addr: wire.wrong}, {Addr: wire.right}}, wire.factory, func(call endpoint.Endpoint) error {
			for range 50 {
				if err := one(call); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s, beside one that is right: %v", wire.name, err)
		}
	}
	documented(t, row, "another service answered", "another service answered")
}

// through has use call instances as a service would.
func through(t *testing.T, instances sd.Fixed, factory kitsd.Factory, use func(endpoint.Endpoint) error) error {
	t.Helper()
	stack, err := middleware.Client(middleware.ClientConfig{Service: "addsvc"})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	i := sd.NewInstancer(instances, sd.InstancerConfig{})
	defer i.Stop()
	pool := lb.NewPool(i, factory, lb.PoolConfig{Guard: stack.Guard})
	defer pool.Close()
	eventually(t, "all instances are in the pool", func() bool { // with the impostor alone there would be nobody to go to
		all, _ := pool.Endpoints()
		return len(all) == len(instances)
	})
	return use(stack.Method("Echo")(lb.Endpoint(lb.NewRoundRobin(pool))))
}
