package kithttp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/fleettest"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// echoPath answers with the path that reached the handler.
var echoPath = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "h "+r.URL.Path) })

func getBody(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestHealthPaths(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  kithttp.Config
		want map[string]string
	}{
		"default": {kithttp.Config{}, map[string]string{"/healthz": "live\n", "/readyz": "ready\n", "/": "h /", "/healthz/": "h /healthz/"}},
		"chosen":  {kithttp.Config{LivePath: "/live", ReadyPath: "/ready"}, map[string]string{"/live": "live\n", "/ready": "ready\n", "/healthz": "h /healthz"}},
		"off":     {kithttp.Config{LivePath: "-", ReadyPath: "-"}, map[string]string{"/healthz": "h /healthz", "/readyz": "h /readyz"}},
	} {
		base := start(t, echoPath, tt.cfg)
		for path, want := range tt.want {
			if status, body := getBody(t, client(t), base.JoinPath(path).String()); status != 200 || body != want {
				t.Errorf("%s: GET %s: %d %q, want %q", name, path, status, body, want)
			}
		}
	}
}

func TestReadyPathFollowsReady(t *testing.T) {
	l := listen(t)
	var mu sync.Mutex
	cold := errors.New("cache is cold")
	ready := &transport.Ready{Also: func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		return cold
	}}
	serve(t, kithttp.Server(l, echoPath, kithttp.Config{}), transport.Config{Ready: ready, Propagation: -1})
	c, url := client(t), baseOf(l, "http").JoinPath("readyz").String()
	if status, body := getBody(t, c, url); status != 503 || body != "not ready: cache is cold\n" {
		t.Errorf("cold: %d %q", status, body)
	}
	mu.Lock()
	cold = nil
	mu.Unlock()
	if status, _ := getBody(t, c, url); status != 200 {
		t.Errorf("warm: %d", status)
	}
	ready.Set(false)
	if status, body := getBody(t, c, url); status != 503 || body != "not ready\n" {
		t.Errorf("leaving: %d %q", status, body)
	}
}

func TestRequestsAreLimited(t *testing.T) {
	sum := kithttp.NewServer(returning(sumResponse{}, nil), kithttp.DecodeJSON[sumRequest])
	base := start(t, sum, kithttp.Config{MaxBody: 100, MaxHeaderBytes: 1000})
	send := func(header, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", base.String(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X", header)
		resp, err := client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	if resp := send("", `{"a":1}`); resp.StatusCode != 200 {
		t.Errorf("small: %d", resp.StatusCode)
	}
	resp := send("", `{"c":["`+strings.Repeat("x", 100)+`"]}`)
	if body := bodyOf(t, resp); resp.StatusCode != 413 || !strings.Contains(body, "larger than the 100 bytes") {
		t.Errorf("large body: %d %s", resp.StatusCode, body)
	}
	if resp := send(strings.Repeat("x", 10_000), ""); resp.StatusCode != 431 {
		t.Errorf("large header: %d", resp.StatusCode)
	}
}

func TestMoreThanTheDefaultCanBeAllowed(t *testing.T) {
	sum := kithttp.NewServer(returning(sumResponse{1}, nil), kithttp.DecodeJSON[sumRequest])
	call := kithttp.NewEndpoint[sumResponse](client(t), "POST", start(t, sum, kithttp.Config{MaxBody: 8 << 20}), "/")
	large := sumRequest{C: []string{strings.Repeat("x", 5<<20)}}
	if _, err := call(t.Context(), large); err != nil {
		t.Errorf("5 MiB with a limit of 8: %v", err)
	}
	call = kithttp.NewEndpoint[sumResponse](client(t), "POST", start(t, sum, kithttp.Config{MaxBody: -1}), "/")
	if _, err := call(t.Context(), large); err != nil {
		t.Errorf("5 MiB without a limit: %v", err)
	}
}

// TestSlowHeadersAreCutOff waits for the server to hang up, however long that
// takes.
func TestSlowHeadersAreCutOff(t *testing.T) {
	base := start(t, echoPath, kithttp.Config{ReadHeaderTimeout: 200 * time.Millisecond})
	c, err := net.Dial("tcp", base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	ts := httptest.NewUnstartedServer(nil) // for its certificate
	ts.StartTLS()
	defer ts.Close()
	roots := x509.NewCertPool()
	roots.AddCert(ts.Certificate())
	for name, auth := range map[string]tls.ClientAuthType{"TLS": tls.NoClientCert, "mTLS": tls.RequireAnyClientCert} {
		l := listen(t)
		cfg := kithttp.Config{TLS: &tls.Config{Certificates: ts.TLS.Certificates, ClientAuth: auth}}
		serve(t, kithttp.Server(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kithttp.NewServer(returning(sumResponse{r.ProtoMajor}, nil), kithttp.DecodeJSON[sumRequest]).ServeHTTP(w, r)
		}), cfg), transport.Config{Propagation: -1})
		mine := &tls.Config{RootCAs: roots, ServerName: "example.com", Certificates: ts.TLS.Certificates}
		call, closer, err := kithttp.Factory(newSum, kithttp.ClientConfig{TLS: mine})(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := call(t.Context(), sumRequest{}); err != nil || resp != (sumResponse{2}) {
			t.Errorf("%s: %v, %v, want HTTP/2", name, resp, err)
		}
		_ = closer.Close()
	}
}

// TestLeavingSendsCallersElsewhere: with "Connection: close", a client drops
// the connection by itself. Were it the server to drop idle ones, it might do
// so while a request is on its way.
func TestLeavingSendsCallersElsewhere(t *testing.T) {
	l := listen(t)
	s := kithttp.Server(l, echoPath, kithttp.Config{})
	serve(t, s, transport.Config{Propagation: -1})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	ask := func() *http.Response {
		t.Helper()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp
	}
	if ask().Close {
		t.Error("the connection is closed while all is well")
	}
	s.SetReady(false)
	if !ask().Close {
		t.Error("the idle connection was to be answered once more, and then closed")
	}
}

func TestHungHandlerIsForced(t *testing.T) {
	l := listen(t)
	entered, ended := make(chan struct{}), make(chan error, 1)
	p := serve(t, kithttp.Server(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		ended <- r.Context().Err()
	}), kithttp.Config{}), transport.Config{Propagation: -1, Drain: 10 * time.Millisecond})
	failed := make(chan error, 1)
	go func() {
		_, err := kithttp.NewEndpoint[sumResponse](client(t), "POST", baseOf(l, "http"), "/")(t.Context(), nil)
		failed <- err
	}()
	<-entered
	p.stop()
	if err := <-p.result; !errors.Is(err, transport.ErrForced) {
		t.Errorf("stopped with %v", err)
	}
	if err := <-ended; err != context.Canceled {
		t.Errorf("the handler's context ended with %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the call succeeded")
	}
}

func TestCallInFlightIsDrained(t *testing.T) {
	l := listen(t)
	entered, goOn := make(chan struct{}), make(chan struct{})
	p := serve(t, kithttp.Server(l, kithttp.NewServer(func(context.Context, any) (any, error) {
		close(entered)
		<-goOn
		return sumResponse{42}, nil
	}, kithttp.DecodeJSON[sumRequest]), kithttp.Config{}), transport.Config{Propagation: -1})
	got := make(chan any, 1)
	go func() {
		resp, err := kithttp.NewEndpoint[sumResponse](client(t), "POST", baseOf(l, "http"), "/")(t.Context(), nil)
		if err != nil {
			t.Error(err)
		}
		got <- resp
	}()
	<-entered
	p.stop()
	for { // until it no longer accepts
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(goOn)
	if resp := <-got; resp != (sumResponse{42}) {
		t.Errorf("the call in flight returned %v", resp)
	}
	if err := <-p.result; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestComplaintsAreLogged(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	logger := log.LoggerFunc(func(kv ...any) error {
		mu.Lock()
		defer mu.Unlock()
		return log.NewLogfmtLogger(&out).Log(kv...)
	})
	base := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }), kithttp.Config{Logger: logger})
	if resp, err := client(t).Get(base.String()); err == nil {
		_ = resp.Body.Close()
		t.Errorf("got %d from a handler that panics", resp.StatusCode)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(out.String(), "boom") {
		t.Errorf("logged %q", out.String())
	}
}

func TestServerThatIsNotServedIsReleased(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := transport.Serve(ctx, transport.Config{Servers: []transport.Server{kithttp.Server(l, echoPath, kithttp.Config{})}}); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v", err)
	}
}

// TestRollingRestartUnderAnHTTPClient: its requests succeed, and its streams break off
// visibly, with an error by which it opens another.
func TestRollingRestartUnderAnHTTPClient(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.URL.Path == "/stream" && r.Context().Err() == nil {
			_, _ = io.WriteString(w, "line\n")
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * time.Millisecond)
	})
	var streams sync.WaitGroup
	var cut atomic.Int64
	watch := func(c *http.Client) {
		resp, err := c.Get("http://service/stream")
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) || transport.ErrorOf(err).Status != 503 {
			t.Errorf("a stream ended with %v", err)
		}
		cut.Add(1)
	}
	fleettest.Roll(t,
		func(l net.Listener) transport.Server {
			return kithttp.Server(l, h, kithttp.Config{StreamGrace: 10 * time.Millisecond})
		},
		func(instance string) (endpoint.Endpoint, io.Closer, error) {
			call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(instance)
			c := &http.Client{Transport: kithttp.NewRoundTripper(call)}
			streams.Go(func() { watch(c) })
			return func(ctx context.Context, request any) (any, error) {
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, request.(string), strings.NewReader("x"))
				if err != nil {
					return nil, err
				}
				resp, err := c.Do(r)
				if err != nil {
					return nil, err
				}
				defer resp.Body.Close()
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
					return nil, errors.Join(err, errors.New(resp.Status))
				}
				return nil, nil
			}, closer, err
		},
		"http://service/")
	streams.Wait()
	t.Logf("%d streams broke off", cut.Load())
	if n := cut.Load(); n < 6 {
		t.Errorf("%d streams were cut, of at least 6", n)
	}
}

func TestRollingRestartLosesNoCall(t *testing.T) {
	sum := kithttp.NewServer(func(_ context.Context, request any) (any, error) {
		r := request.(sumRequest)
		time.Sleep(time.Duration(r.A+r.B) * time.Millisecond)
		return sumResponse{r.A + r.B}, nil
	}, kithttp.DecodeJSON[sumRequest])
	fleettest.Roll(t,
		func(l net.Listener) transport.Server { return kithttp.Server(l, sum, kithttp.Config{}) },
		kithttp.Factory(newSum, kithttp.ClientConfig{}),
		sumRequest{A: 1, B: 1})
}
