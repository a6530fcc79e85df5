package kithttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// balanced is an http.Client of the instances, behind retries of whatever may be
// retried.
func balanced(t testing.TB, cfg kithttp.ClientConfig, instances ...string) (*http.Client, *lb.Pool) {
	t.Helper()
	stack, err := middleware.Client(middleware.ClientConfig{
		Timeout: timeout.Config{Timeout: -1},
		Breaker: breaker.Config{Window: 2 * time.Minute, ProbeLease: time.Minute},
		Retry:   retry.Config{Idempotent: true, Streams: true, AttemptTimeout: time.Minute, MinBackoff: time.Microsecond, Unbounded: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	pool := lb.NewPool(kitsd.FixedInstancer(instances), kithttp.RequestFactory(cfg), lb.PoolConfig{Guard: stack.Guard})
	t.Cleanup(func() {
		_ = pool.Close()
		_ = stack.Close()
	})
	if err := pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	call := stack.Method("http")(lb.Endpoint(lb.NewRoundRobin(pool)))
	return &http.Client{Transport: kithttp.NewRoundTripper(call)}, pool
}

// connected returns when the pool can pick among n.
func connected(pool *lb.Pool, n int) {
	for {
		if all, _ := pool.Endpoints(); len(all) == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// do sends a request and returns the status and the body.
func do(t *testing.T, c *http.Client, method, target string, body io.Reader, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, target, err)
	}
	return resp.StatusCode, string(text)
}

func TestAnHTTPClientIsBalanced(t *testing.T) {
	var instances []string
	for i := range 3 {
		instances = append(instances, start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, i, " ", r.Method, " ", r.Host, " ", r.URL.RequestURI())
		}), kithttp.Config{}).Host)
	}
	c, pool := balanced(t, kithttp.ClientConfig{}, instances...)
	connected(pool, 3)
	got := map[string]int{}
	for range 30 {
		status, text := do(t, c, "GET", "http://addsvc/users/a%2Fb?x=1", nil)
		if i, rest, _ := strings.Cut(text, " "); status == 200 && rest == "GET addsvc /users/a%2Fb?x=1" {
			got[i]++
		} else {
			t.Fatalf("%d %s", status, text)
		}
	}
	if len(got) != 3 {
		t.Errorf("all calls: %v", got)
	}
}

// failing answers with a status as long as it has failures left, and says how often
// it was called.
type failing struct {
	status   int
	failures atomic.Int64
	calls    atomic.Int64
	bodies   sync.Map
}

func (f *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == "self-probe" {
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.bodies.Store(f.calls.Add(1), string(body))
	if f.failures.Add(-1) < 0 {
		fmt.Fprintf(w, "%s", body)
		return
	}
	w.Header().Set("X-Kind", "failure")
	http.Error(w, "sorry", f.status)
}

func TestWhatIsTriedAgain(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	unseen := func(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} } // no GetBody, no length
	for name, tt := range map[string]struct {
		method   string
		body     io.Reader
		header   []string
		status   int
		failures int64
		calls    int64
		want     int
		text     string
	}{
		"GET":                         {"GET", nil, nil, 503, 2, 3, 200, ""},
		"HEAD":                        {"HEAD", nil, nil, 503, 2, 3, 200, ""},
		"PUT":                         {"PUT", strings.NewReader("x"), nil, 502, 1, 2, 200, "x"},
		"DELETE":                      {"DELETE", nil, nil, 504, 1, 2, 200, ""},
		"POST":                        {"POST", strings.NewReader("x"), nil, 503, 1, 1, 503, "sorry\n"},
		"PATCH":                       {"PATCH", strings.NewReader("x"), nil, 503, 1, 1, 503, "sorry\n"},
		"POST with a key":             {"POST", strings.NewReader("x"), []string{"Idempotency-Key", "7"}, 503, 1, 2, 200, "x"},
		"a long body that is kept":    {"PUT", strings.NewReader(long), nil, 503, 1, 2, 200, long},
		"a body that comes only once": {"PUT", unseen("x"), nil, 503, 1, 1, 503, "sorry\n"},
		"more often than we try":      {"GET", nil, nil, 503, 9, 3, 503, "sorry\n"},
		"a fault":                     {"GET", nil, nil, 500, 9, 1, 500, "sorry\n"},
		"nobody's fault":              {"GET", nil, nil, 404, 9, 1, 404, "sorry\n"},
		"not implemented":             {"GET", nil, nil, 501, 9, 1, 501, "sorry\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &failing{status: tt.status}
			f.failures.Store(tt.failures)
			c, _ := balanced(t, kithttp.ClientConfig{}, start(t, f, kithttp.Config{}).Host)
			status, text := do(t, c, tt.method, "http://addsvc/", tt.body, tt.header...)
			if status != tt.want || text != tt.text || f.calls.Load() != tt.calls {
				t.Errorf("%d calls, then %d %.20q; want %d, then %d %.20q", f.calls.Load(), status, text, tt.calls, tt.want, tt.text)
			}
		})
	}
}

// TestShortBodiesAreKept: a body with a length, but no GetBody, as a proxy's.
func TestShortBodiesAreKept(t *testing.T) {
	f := &failing{status: 503}
	f.failures.Store(1)
	c, _ := balanced(t, kithttp.ClientConfig{}, start(t, f, kithttp.Config{}).Host)
	req, _ := http.NewRequestWithContext(t.Context(), "PUT", "http://addsvc/", struct{ io.Reader }{strings.NewReader("abc")})
	req.ContentLength = 3
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(resp.Body); string(body) != "abc" || f.calls.Load() != 2 {
		t.Errorf("%q after %d calls", body, f.calls.Load())
	}
	_ = resp.Body.Close()
	for text, says := range map[string]string{"ab": "another length", "abcd": "another length"} {
		req, _ := http.NewRequestWithContext(t.Context(), "PUT", "http://addsvc/", struct{ io.Reader }{strings.NewReader(text)})
		req.ContentLength = 3
		if _, err := c.Do(req); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	req, _ = http.NewRequestWithContext(t.Context(), "PUT", "http://addsvc/", iotest.ErrReader(io.ErrClosedPipe))
	req.ContentLength = 3
	if _, err := c.Do(req); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a body that cannot be read: %v", err)
	}
}

// TestWhatWasNotSentIsSentElsewhere: whatever the method, and also a body that there
// is only once.
func TestWhatWasNotSentIsSentElsewhere(t *testing.T) {
	f := new(failing)
	gone := listen(t)
	_ = gone.Close()
	c, pool := balanced(t, kithttp.ClientConfig{}, gone.Addr().String(), start(t, f, kithttp.Config{}).Host)
	connected(pool, 2)
	for i := range 4 {
		body := fmt.Sprint("body ", i)
		status, text := do(t, c, "POST", "http://addsvc/", struct{ io.Reader }{strings.NewReader(body)})
		if status != 200 || text != body {
			t.Errorf("%d %q", status, text)
		}
	}
}

// TestHedgesSpareWhatIsNotIdempotent: one policy for all requests does no harm.
func TestHedgesSpareWhatIsNotIdempotent(t *testing.T) {
	entered, goOn := make(chan struct{}, 9), make(chan struct{})
	base := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-goOn
	}), kithttp.Config{})
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	var second error
	hedged := func(ctx context.Context, request any) (any, error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			<-entered
			_, second = call(ctx, request)
			close(goOn)
		}()
		defer func() { <-done }()
		return call(ctx, request)
	}
	status, text := do(t, &http.Client{Transport: kithttp.NewRoundTripper(hedged)}, "POST", "http://addsvc/", nil)
	if status != 200 {
		t.Errorf("the first: %d %s", status, text)
	}
	rejected, ok := errors.AsType[interface {
		error
		Rejected() bool
		NotSent() bool
	}](second)
	if !ok || !rejected.Rejected() || !rejected.NotSent() {
		t.Errorf("the second: %v", second)
	}
}

// TestRefusedAttemptsOpenNoBody: nobody would close it.
func TestRefusedAttemptsOpenNoBody(t *testing.T) {
	base := start(t, new(failing), kithttp.Config{})
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	twice := func(ctx context.Context, request any) (any, error) {
		response, err := call(ctx, request)
		if _, again := call(ctx, request); again == nil {
			t.Error("a POST was sent twice")
		}
		return response, err
	}
	var opened int
	body := &closes{}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://addsvc/", struct{ io.Reader }{strings.NewReader("x")})
	req.ContentLength = 1
	req.GetBody = func() (io.ReadCloser, error) {
		opened++
		body.Reader = strings.NewReader("x")
		return body, nil
	}
	resp, err := kithttp.NewRoundTripper(twice).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if opened != 1 {
		t.Errorf("%d bodies opened", opened)
	}
	body.await(t) // net/http may close it after the answer has come
	req.GetBody = func() (io.ReadCloser, error) { return nil, io.ErrNoProgress }
	if _, err := kithttp.NewRoundTripper(call).RoundTrip(req); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a body that cannot be opened: %v", err)
	}
}

// TestPathsStayBelowTheInstances: whoever chooses the path does not choose the
// tenant.
func TestPathsStayBelowTheInstances(t *testing.T) {
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.RequestURI()) }), kithttp.Config{})
	for _, below := range []string{"tenant", "tenant/"} {
		c, _ := balanced(t, kithttp.ClientConfig{}, base.JoinPath(below).String())
		for path, want := range map[string]string{
			"":                "/tenant",
			"/":               "/tenant/",
			"/users/7?x=1":    "/tenant/users/7?x=1",
			"/a%2Fb//c/":      "/tenant/a%2Fb//c/",
			"/../secret":      "/tenant/../secret",
			"/%2e%2e/secret":  "/tenant/%2e%2e/secret",
			"/./../../secret": "/tenant/./../../secret",
		} {
			if path == "" && below == "tenant/" {
				want = "/tenant/"
			}
			if status, text := do(t, c, "GET", "http://addsvc"+path, nil); status != 200 || text != want {
				t.Errorf("%q: %d %s, want %s", path, status, text, want)
			}
		}
	}
}

func TestLargeFailuresComeWhole(t *testing.T) {
	want := strings.Repeat("x", 300_000)
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, want)
	}), kithttp.Config{})
	c, _ := balanced(t, kithttp.ClientConfig{}, base.Host)
	if status, text := do(t, c, "GET", "http://addsvc/", nil); status != 500 || text != want {
		t.Errorf("%d, %d bytes", status, len(text))
	}
	c, _ = balanced(t, kithttp.ClientConfig{MaxResponse: 1000}, base.Host)
	resp, err := c.Get("http://addsvc/")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); !ok || len(body) != 1000 {
		t.Errorf("%d bytes, then %v", len(body), err)
	}
}

// closes counts.
type closes struct {
	io.Reader
	n atomic.Int64
}

func (c *closes) Close() error { c.n.Add(1); return nil }

// await waits until it was closed.
func (c *closes) await(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); c.n.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a body was opened, and not closed")
		}
	}
}

// TestRoundTripperContract: what net/http asks of one.
func TestRoundTripperContract(t *testing.T) {
	f := new(failing)
	up := start(t, f, kithttp.Config{}).Host
	gone := listen(t)
	_ = gone.Close()
	for name, instance := range map[string]string{"sent": up, "not sent": gone.Addr().String()} {
		c, _ := balanced(t, kithttp.ClientConfig{}, instance)
		for _, length := range []int64{1, -1} {
			body := &closes{Reader: strings.NewReader("x")}
			req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://addsvc/path", body)
			req.ContentLength = length
			before := req.Clone(t.Context())
			resp, err := c.Transport.RoundTrip(req)
			if (err == nil) != (name == "sent") {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.Request != req {
					t.Errorf("%s: the response is that of another request", name)
				}
			}
			body.await(t)
			if req.URL.String() != before.URL.String() || req.Host != before.Host || len(req.Header) != len(before.Header) || req.Body != body {
				t.Errorf("%s: the request is another: %v", name, req)
			}
		}
	}
}

func TestRoundTripperMistakes(t *testing.T) {
	answer := func(response any, err error) *http.Client {
		return &http.Client{Transport: kithttp.NewRoundTripper(returning(response, err))}
	}
	if _, err := answer("text", nil).Get("http://addsvc/"); err == nil || !strings.Contains(err.Error(), "RequestFactory") {
		t.Errorf("another endpoint: %v", err)
	}
	if _, err := answer(nil, io.ErrNoProgress).Get("http://addsvc/"); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("an error: %v", err)
	}
	if _, err := kithttp.NewRoundTripper(endpoint.Nop).RoundTrip(new(http.Request)); err == nil {
		t.Error("no URL: no error")
	}
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if _, err := call(t.Context(), "text"); err == nil || !strings.Contains(err.Error(), "*http.Request") {
		t.Errorf("another request: %v", err)
	}
	if _, _, err := kithttp.RequestFactory(kithttp.ClientConfig{})("nowhere"); err == nil {
		t.Error("an instance that is none")
	}
}

// TestBodiesCountAsInFlight until they end.
func TestBodiesCountAsInFlight(t *testing.T) {
	goOn := make(chan struct{})
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/wait" {
			<-goOn
		}
	}), kithttp.Config{})
	c, pool := balanced(t, kithttp.ClientConfig{}, base.Host)
	inFlight := func() int { return pool.Nodes()[0].InFlight }
	get := func(ctx context.Context, path string) *http.Response {
		t.Helper()
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://addsvc"+path, nil)
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if inFlight() != 1 {
			t.Errorf("%s: %d in flight", path, inFlight())
		}
		return resp
	}
	resp := get(t.Context(), "/")
	if body, err := io.ReadAll(resp.Body); string(body) != "x" || err != nil || inFlight() != 0 {
		t.Errorf("read: %q, %v, %d in flight", body, err, inFlight())
	}
	_ = resp.Body.Close()
	_ = get(t.Context(), "/wait").Body.Close()
	if inFlight() != 0 {
		t.Errorf("closed: %d in flight", inFlight())
	}
	ctx, cancel := context.WithCancel(t.Context())
	resp = get(ctx, "/wait")
	cancel()
	for inFlight() != 0 { // nobody reads, nobody closes
		time.Sleep(time.Millisecond)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the body of a call that was cancelled has an end")
	}
	close(goOn)
}

func TestWhatRequestsTell(t *testing.T) {
	heard := make(chan http.Header, 9)
	base := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Host != "self-probe" {
			heard <- r.Header
		}
	}), kithttp.Config{LivePath: "-"})
	trace := func(ctx context.Context, r *http.Request) context.Context {
		r.Header.Set("Traceparent", "00-1")
		return ctx
	}
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{}, trace)(base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	c := &http.Client{Transport: kithttp.NewRoundTripper(retry.New(retry.Config{Attempts: 2, Streams: true})(call)), Timeout: time.Hour}
	do(t, c, "PUT", "http://addsvc/", strings.NewReader("x"))
	h := <-heard
	if h.Get("Traceparent") != "00-1" || h.Get("Kit-Attempt") != "n=1, left=1" {
		t.Errorf("%v", h)
	}
	if ms := h.Get("Kit-Timeout-Ms"); len(ms) < len("3500000") { // the caller's hour, and not the attempt's two seconds
		t.Errorf("the caller waits %s ms", ms)
	}
	if _, ok := h["X-Idempotency-Key"]; ok {
		t.Error("a key is sent")
	}
}

func TestRoundTripperOverTLS(t *testing.T) {
	w := wires(t)[1]
	l := w.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto, r.Host) }), func(*kithttp.Config) {})
	c, _ := balanced(t, w.client, l.Addr().String())
	for range 3 {
		if status, text := do(t, c, "GET", "http://addsvc/", nil); status != 200 || text != "HTTP/2.0addsvc" {
			t.Errorf("%d %s", status, text)
		}
	}
}

// TestUpgrade: what follows a 101 is a connection.
func TestUpgrade(t *testing.T) {
	base := start(t, echoProtocol(t), kithttp.Config{})
	c, pool := balanced(t, kithttp.ClientConfig{}, base.Host)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://addsvc/", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok || resp.StatusCode != 101 {
		t.Fatalf("%d, %T", resp.StatusCode, resp.Body)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
	_ = conn.Close()
	if n := pool.Nodes()[0].InFlight; n != 0 {
		t.Errorf("%d in flight", n)
	}
}

// echoProtocol switches to a protocol that repeats.
func echoProtocol(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "echo" {
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(c, rw)
	})
}

// TestStaleConnections: a request that met a connection just being closed may have
// been carried out, unless it is idempotent or nothing was written.
func TestStaleConnections(t *testing.T) {
	l := listen(t)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer l.Close()
	wg.Go(func() { // answers the first request of each connection, and hangs up on the second
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				_, _ = http.ReadRequest(r)
			})
		}
	})
	call, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[sumResponse](c, "POST", base, "/")
	}, kithttp.ClientConfig{})(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if _, err := call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err = call(t.Context(), nil)
	if unsent, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err); err == nil || ok && unsent.NotSent() {
		t.Errorf("a POST that may have arrived: %v", err)
	}
	requests, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	c := &http.Client{Transport: kithttp.NewRoundTripper(requests)}
	for _, method := range []string{"PUT", "DELETE", "GET"} {
		for range 2 {
			if status, text := do(t, c, method, "http://addsvc/", nil); status != 200 {
				t.Errorf("%s: %d %s", method, status, text)
			}
		}
	}
}
