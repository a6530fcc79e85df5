package kithttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// front starts a proxy of an instance, and returns its URL.
func front(t *testing.T, instance string, cfg kithttp.ProxyConfig, limits kithttp.Config) string {
	t.Helper()
	c, _ := balanced(t, kithttp.ClientConfig{}, instance)
	return start(t, kithttp.NewProxy(c.Transport, cfg), limits).String() + "/"
}

func TestProxyPassesOn(t *testing.T) {
	base := start(t, kithttp.Load(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Kit-Draining", "true") // of the instance: not of the proxy
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintln(w, r.Method, r.Host, r.URL, string(body), r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("Kit-Timeout-Ms") != "")
	}), nil), kithttp.Config{})
	for name, tt := range map[string]struct {
		cfg  kithttp.ProxyConfig
		want string
	}{
		"zero":    {kithttp.ProxyConfig{}, "POST example.com /a%2Fb?x=1&y=2 body 127.0.0.1 example.com http true\n"},
		"a name":  {kithttp.ProxyConfig{Host: "users"}, "POST users /a%2Fb?x=1&y=2 body 127.0.0.1 example.com http true\n"},
		"trusted": {kithttp.ProxyConfig{Host: "users", Trusted: true}, "POST users /a%2Fb?x=1&y=2 body 10.0.0.1, 127.0.0.1 outside.example https true\n"},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", front(t, base.Host, tt.cfg, kithttp.Config{})+"a%2Fb?x=1&y=2", strings.NewReader("body"))
		req.Host = "example.com"
		req.Header = http.Header{"X-Forwarded-For": {"10.0.0.1"}, "X-Forwarded-Host": {"outside.example"}, "X-Forwarded-Proto": {"https"}, "Kit-Timeout-Ms": {"60000"}}
		resp, err := client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 201 || string(body) != tt.want {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		if resp.Header.Get("Kit-Draining") != "" || resp.Header.Get("Kit-Load") != "" {
			t.Errorf("%s: what the instance says of itself came along: %v", name, resp.Header)
		}
	}
}

func TestProxyAnswersForThoseWhoDoNot(t *testing.T) {
	gone := listen(t)
	_ = gone.Close()
	mute := listen(t) // hangs up on whoever asks
	go func() {
		for {
			c, err := mute.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_ = c.Close()
		}
	}()
	slow := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Host != "self-probe" {
			_, _ = io.Copy(io.Discard, r.Body) // before which net/http does not see its client leave
			<-r.Context().Done()
		}
	}), kithttp.Config{}).Host
	failing := start(t, kithttp.NewServer(returning(nil, &kithttp.Error{Status: 500, Code: "broken"}), kithttp.DecodeJSON[sumRequest]), kithttp.Config{}).Host
	for name, tt := range map[string]struct {
		instance string
		header   []string
		want     int
		code     string
	}{
		"nobody is there":           {gone.Addr().String(), nil, 503, "unavailable"},
		"it hangs up":               {mute.Addr().String(), nil, 502, "unavailable"},
		"its time is up":            {slow, []string{"Kit-Timeout-Ms", "20"}, 504, "deadline_exceeded"},
		"its own failure":           {failing, nil, 500, "broken"},
		"more than the proxy wants": {slow, []string{"X-Long", "1"}, 413, "body_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			cfg := kithttp.ProxyConfig{Host: "users", Logger: log.NewSyncLogger(log.NewLogfmtLogger(&logged))}
			body := strings.NewReader("{}")
			if tt.header != nil && tt.header[0] == "X-Long" {
				body = strings.NewReader(strings.Repeat("x", 2000))
			}
			status, text := do(t, client(t), "POST", front(t, tt.instance, cfg, kithttp.Config{MaxBody: 1000}), body, tt.header...)
			if status != tt.want || !strings.Contains(text, `"code":"`+tt.code+`"`) || strings.Contains(text, "127.0.0.1") {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}

// TestBrokenBodiesAreNobodysFault: a client that sends too much, or too slowly, opens
// no circuit.
func TestBrokenBodiesAreNobodysFault(t *testing.T) {
	drain := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(start(t, http.HandlerFunc(drain), kithttp.Config{}).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	outcomes := make(chan classify.Outcome, 1)
	seen := func(ctx context.Context, request any) (any, error) {
		response, err := call(ctx, request)
		outcomes <- classify.Default(ctx, response, err)
		return response, err
	}
	for _, w := range wires(t) {
		l := w.start(t, kithttp.NewProxy(kithttp.NewRoundTripper(seen), kithttp.ProxyConfig{}), func(cfg *kithttp.Config) {
			cfg.MaxBody, cfg.ReadTimeout = 100_000, impatience
		})
		stops, rest := io.Pipe()
		go func() { _, _ = io.WriteString(rest, "half of it") }()
		for want, body := range map[int]io.Reader{413: strings.NewReader(strings.Repeat("x", 300_000)), 408: stops} {
			status, text := do(t, w.http(t), "POST", w.url(l), body)
			if status != want && (want != 408 || status != 499 || w.name != "HTTP/1") { // there net/http has ended the context
				t.Errorf("%s: %d %s, want %d", w.name, status, text, want)
			}
			if got := <-outcomes; got != classify.Excluded {
				t.Errorf("%s: for a %d, the instance has a %s", w.name, want, got)
			}
		}
		_ = rest.Close()
	}
}

// TestProxyOfOddTargets: "x:/secret" is a path to whoever reads it without its scheme.
func TestProxyOfOddTargets(t *testing.T) {
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }), kithttp.Config{})
	w := httptest.NewRecorder()
	c, _ := balanced(t, kithttp.ClientConfig{}, base.JoinPath("tenant").String())
	kithttp.NewProxy(c.Transport, kithttp.ProxyConfig{Host: "users"}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http:x:/secret", nil))
	if w.Code != 200 || w.Body.String() != "/tenant" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestProxyOfNobody: a pool without instances.
func TestProxyOfNobody(t *testing.T) {
	p := kithttp.NewProxy(kithttp.NewRoundTripper(returning(nil, kitlb.ErrNoEndpoints)), kithttp.ProxyConfig{})
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "http://users/", nil))
	if w.Code != 503 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "http://users/", nil))
	if w.Code != 499 {
		t.Errorf("a client that has left: %d %s", w.Code, w.Body)
	}
}

// TestProxyStreams: as it comes, and not as a whole if it is not.
func TestProxyStreams(t *testing.T) {
	goOn := make(chan struct{})
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "self-probe" {
			return
		}
		_, _ = io.WriteString(w, "one\n")
		_ = http.NewResponseController(w).Flush()
		<-goOn
		panic(http.ErrAbortHandler)
	}), kithttp.Config{})
	resp, err := client(t).Get(front(t, base.Host, kithttp.ProxyConfig{Host: "users"}, kithttp.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text := bufio.NewReader(resp.Body)
	if line, err := text.ReadString('\n'); line != "one\n" {
		t.Fatalf("%q, %v", line, err)
	}
	close(goOn)
	if _, err := io.ReadAll(text); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("it ended with %v", err)
	}
}

func TestProxyUpgrades(t *testing.T) {
	base := start(t, echoProtocol(t), kithttp.Config{})
	address := strings.TrimSuffix(strings.TrimPrefix(front(t, base.Host, kithttp.ProxyConfig{Host: "users"}, kithttp.Config{}), "http://"), "/")
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	text := bufio.NewReader(c)
	resp, err := http.ReadResponse(text, nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v", resp, err)
	}
	_, _ = io.WriteString(c, "hello\n")
	if line, err := text.ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

// TestProxyThatStops cuts what it passes on, visibly.
func TestProxyThatStops(t *testing.T) {
	base := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "self-probe" {
			return
		}
		if r.URL.Path == "/stream" {
			_, _ = io.WriteString(w, "one\n")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}), kithttp.Config{})
	c, _ := balanced(t, kithttp.ClientConfig{}, base.Host)
	l := listen(t)
	p := serve(t, kithttp.Server(l, kithttp.NewProxy(c.Transport, kithttp.ProxyConfig{Host: "users"}), kithttp.Config{StreamGrace: -1}), transport.Config{Propagation: -1})
	resp, err := client(t).Get(baseOf(l, "http").JoinPath("stream").String())
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("it ended with %v", err)
	}
	_ = resp.Body.Close()
	if err := <-p.result; err != nil {
		t.Error(err)
	}
}

func ExampleNewProxy() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s, session %s", r.URL.Path, r.Host, r.Header.Get("Session"))
	}))
	defer s.Close()
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(s.Listener.Addr().String()) // behind a balancer, usually
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closer.Close()
	p := kithttp.NewProxy(kithttp.NewRoundTripper(call), kithttp.ProxyConfig{
		Host: "users",
		Before: []httptransport.RequestFunc{func(ctx context.Context, r *http.Request) context.Context {
			r.Header.Set("Session", "7") // or a context of lb.WithSession
			return ctx
		}},
		After: []httptransport.ClientResponseFunc{func(ctx context.Context, resp *http.Response) context.Context {
			resp.Header.Add("Set-Cookie", "session=7")
			return ctx
		}},
	})

	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://shop.example/users/7", nil))
	fmt.Println(w.Body, w.Header().Get("Set-Cookie"))
	// Output: /users/7 of users, session 7 session=7
}
