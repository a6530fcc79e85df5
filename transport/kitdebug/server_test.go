package kitdebug_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

// process is a Serve with a debug server alone.
type process struct {
	addr string
	stop context.CancelFunc
	done chan error
}

// registered signals that everything is up.
type registered chan struct{}

func (r registered) Register()   { close(r) }
func (r registered) Deregister() {}

func serve(t *testing.T, cfg kitdebug.Config) *process {
	t.Helper()
	l, err := kitdebug.Listen("debug-addr", "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	up := make(registered)
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{l.Addr().String(), cancel, make(chan error, 1)}
	cfg.Ready, cfg.Timeline = new(transport.Ready), new(transport.Timeline)
	server := kitdebug.Server(l, newPage(t, cfg))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.done <- transport.Serve(ctx, transport.Config{
			Servers: []transport.Server{server}, Registrar: up, Ready: cfg.Ready, Timeline: cfg.Timeline, Propagation: -1, Drain: time.Minute,
		})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case <-up:
	case err := <-p.done:
		t.Fatal(err)
	}
	return p
}

// ask makes one request on a connection of its own.
func (p *process) ask(t *testing.T, path string, header ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if r.Header.Get("Host") != "" {
		r.Host = r.Header.Get("Host")
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServer(t *testing.T) {
	t.Parallel()
	p := serve(t, kitdebug.Config{
		Name: "shop", Profiles: true,
		Also: map[string]http.Handler{"GET /metrics": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })},
	})
	for _, tt := range []struct {
		path, header string
		status       int
		body         string
	}{
		{"/", "", 302, "/debug/kit"},
		{"/debug/kit", "", 200, "<title>shop: well</title>"},
		{"/debug/kit.json", "", 200, `"name": "registration"`},
		{"/metrics", "", 200, "up 1"},
		{"/debug/pprof/", "", 200, "goroutine"},
		{"/debug/kitten", "", 404, "404"},
		{"/metrics", "evil.example", 403, "evil.example"},
		{"/debug/pprof/", "evil.example", 403, "evil.example"},
	} {
		if status, body := p.ask(t, tt.path, "Host", tt.header); status != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s: %d %s", tt.path, status, body)
		}
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
}

// TestNothingMoreThanAsked: no profiles, no index of somebody else's.
func TestNothingMoreThanAsked(t *testing.T) {
	t.Parallel()
	p := serve(t, kitdebug.Config{Also: map[string]http.Handler{"/": http.NotFoundHandler()}})
	for _, path := range []string{"/", "/debug/pprof/", "/debug/pprof/heap"} {
		if status, body := p.ask(t, path); status != 404 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestAProfileHoldsUpNoStop: one of five minutes ends when the process wants to.
func TestAProfileHoldsUpNoStop(t *testing.T) {
	p := serve(t, kitdebug.Config{Profiles: true})
	status := make(chan int)
	go func() {
		code := http.StatusConflict
		for code == http.StatusConflict { // a short one was first
			code, _ = p.ask(t, "/debug/pprof/trace?seconds=300")
		}
		status <- code
	}()
	for { // until the long one runs: there is one trace at a time
		if code, _ := p.ask(t, "/debug/pprof/trace?seconds=0.001"); code == http.StatusConflict {
			break
		}
	}
	p.stop()
	if code := <-status; code != http.StatusOK {
		t.Errorf("the profile: %d", code)
	}
	if err := <-p.done; err != nil {
		t.Errorf("the stop: %v", err)
	}
}

func TestCloseFreesAListenerThatWasNeverServed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := kitdebug.Server(l, newPage(t, kitdebug.Config{}))
	if s.Name != "debug" || s.Addr.String() != l.Addr().String() || s.Calls() != 0 {
		t.Errorf("%+v", s)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("it still listens")
	}
	if err := s.Serve(nil); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}
