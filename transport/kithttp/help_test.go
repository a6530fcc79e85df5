package kithttp_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func TestMain(m *testing.M) {
	// The runtime's signal loop starts with the first Notify and never ends; it
	// must not do so inside a synctest bubble.
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	signal.Stop(c)
	goleak.VerifyTestMain(m)
}

type sumRequest struct {
	A int      `json:"a"`
	B int      `json:"b"`
	C []string `json:"c,omitempty"`
}

type sumResponse struct {
	Sum int `json:"sum"`
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := transport.Listen("addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serving is a process that has started.
type serving struct {
	stop   context.CancelFunc
	result chan error
}

// registered signals that everything is up.
type registered chan struct{}

func (r registered) Register()   { close(r) }
func (r registered) Deregister() {}

// serve runs s with transport.Serve and returns when it is up. It is stopped
// with the test.
func serve(t testing.TB, s transport.Server, cfg transport.Config) *serving {
	t.Helper()
	up := make(registered)
	cfg.Servers, cfg.Registrar = []transport.Server{s}, up
	ctx, cancel := context.WithCancel(context.Background())
	p := &serving{cancel, make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.result <- transport.Serve(ctx, cfg)
	}()
	t.Cleanup(func() { cancel(); <-done })
	select {
	case <-up:
	case <-done:
		t.Fatalf("did not start: %v", <-p.result)
	}
	return p
}

// start serves h for the time of the test.
func start(t testing.TB, h http.Handler, cfg kithttp.Config) *url.URL {
	t.Helper()
	l := listen(t)
	serve(t, kithttp.Server(l, h, cfg), transport.Config{Propagation: -1})
	return baseOf(l, "http")
}

func baseOf(l net.Listener, scheme string) *url.URL {
	return &url.URL{Scheme: scheme, Host: l.Addr().String()}
}

// client is an http.Client whose connections are gone after the test.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}
