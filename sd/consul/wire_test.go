package consul

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// recorder is a Consul that answers the first query of a service with these
// entries, none to later ones, and "ok" to everything else. It remembers all.
type recorder struct {
	entries string

	mu   sync.Mutex // guards the fields below
	seen []*http.Request
	gone int // requests that the client gave up
}

func (c *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.seen = append(c.seen, r)
	c.mu.Unlock()
	switch {
	case r.URL.Query().Get("index") != "":
		<-r.Context().Done()
		c.mu.Lock()
		c.gone++
		c.mu.Unlock()
	case strings.HasPrefix(r.URL.Path, "/v1/health/service/"):
		reply{index: "7", body: c.entries}.write(w)
	case r.Method == http.MethodGet:
		_, _ = io.WriteString(w, "{}")
	}
}

func (c *recorder) requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seen)
}

func (c *recorder) gaveUp() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

const oneEntry = `[{"Node":{"Node":"n"},"Service":{"ID":"a","Address":"10.0.0.1","Port":80}}]`

// record serves c for the test, and returns where.
func record(t *testing.T, c *recorder) (host string) {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// open makes the Watcher of a target.
func open(t *testing.T, target string, cfg Config) *Watcher {
	t.Helper()
	parsed, err := sd.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Scheme(cfg).Watcher(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return w.(*Watcher)
}

// queries watches target until the second query, and returns both.
func queries(t *testing.T, c *recorder, target string, cfg Config) (first, second *http.Request) {
	t.Helper()
	_, r := watch(t, open(t, target, cfg))
	eventually(t, "two queries", func() bool { return len(c.requests()) >= 2 || r.ended() })
	if r.ended() {
		t.Fatalf("%s: %v", target, r.err)
	}
	if err := r.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch = %v", err)
	}
	seen := c.requests()
	return seen[0], seen[1]
}

func TestEveryParameterIsSent(t *testing.T) {
	t.Setenv(api.HTTPTokenEnvName, "")
	for _, tt := range []struct {
		params string
		want   url.Values
		header string
	}{
		{"", url.Values{}, ""},
		{"?tag=blue", url.Values{"tag": {"blue"}}, ""},
		{"?near=_agent", url.Values{"near": {"_agent"}}, ""},
		{"?dc=east&ns=team&partition=p", url.Values{"dc": {"east"}, "ns": {"team"}, "partition": {"p"}}, ""},
		{"?filter=Service.Port+%3D%3D+80", url.Values{"filter": {"Service.Port == 80"}}, ""},
		{"?allow-stale=true", url.Values{"stale": {""}}, ""},
		{"?require-consistent=true", url.Values{"consistent": {""}}, ""},
		{"?use-cache=true", url.Values{"cached": {""}}, ""},
		{"?token=secret", url.Values{}, "secret"},
	} {
		c := &recorder{entries: oneEntry}
		first, second := queries(t, c, "consul://"+record(t, c)+"/svc"+tt.params+strings.Replace("&wait=16s&timeout=17s", "&", map[bool]string{true: "?", false: "&"}[tt.params == ""], 1), Config{})
		if first.URL.Path != "/v1/health/service/svc" || first.Header.Get("X-Consul-Token") != tt.header {
			t.Errorf("%q asks for %v with token %q", tt.params, first.URL, first.Header.Get("X-Consul-Token"))
		}
		tt.want.Set("wait", "16000ms")
		added := !tt.want.Has("consistent") && !tt.want.Has("stale") && !tt.want.Has("cached")
		if added { // what does not wait is read consistently
			tt.want.Set("consistent", "")
		}
		if got := first.URL.Query(); got.Encode() != tt.want.Encode() {
			t.Errorf("%q sends %q first, want %q", tt.params, got.Encode(), tt.want.Encode())
		}
		if added {
			tt.want.Del("consistent")
		}
		tt.want.Set("index", "7")
		if got := second.URL.Query(); got.Encode() != tt.want.Encode() {
			t.Errorf("%q sends %q then, want %q", tt.params, got.Encode(), tt.want.Encode())
		}
	}
}

func TestHolderSendsNamespacePartitionAndToken(t *testing.T) {
	c := &recorder{entries: "[]"}
	h, err := sd.OpenHolder("consul://"+record(t, c)+"/svc?ns=team&partition=p&token=secret", Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, func(ctx context.Context) error { return h.Hold(ctx, instance("a"), func() {}) })
	eventually(t, "a registration", func() bool { return len(c.requests()) > 2 })
	_ = r.stop()
	for _, r := range c.requests() {
		inBody := r.URL.Path == "/v1/agent/service/register"
		if q := r.URL.Query(); !inBody && (q.Get("ns") != "team" || q.Get("partition") != "p") || r.Header.Get("X-Consul-Token") != "secret" {
			t.Errorf("%v with token %q", r.URL, r.Header.Get("X-Consul-Token"))
		}
	}
}

// What grpc-consul-resolver got wrong.

func TestUserAndPasswordAreSent(t *testing.T) {
	c := &recorder{entries: oneEntry}
	first, _ := queries(t, c, "consul://us%40er:pass%2Fword@"+record(t, c)+"/svc", Config{})
	if user, password, _ := first.BasicAuth(); user != "us@er" || password != "pass/word" {
		t.Errorf("it shows %q, %q", user, password)
	}
}

func TestInsecureHasAnEffect(t *testing.T) {
	c := &recorder{entries: oneEntry}
	server := httptest.NewUnstartedServer(c)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it hears of every refusal
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	target := "consul://" + strings.TrimPrefix(server.URL, "https://") + "/svc?scheme=https"
	_, r := watch(t, open(t, target, Config{}))
	if _, ok := errors.AsType[x509.UnknownAuthorityError](r.wait()); !ok {
		t.Errorf("without it, Watch = %v, want an unknown authority", r.err)
	}
	queries(t, c, target+"&insecure=true", Config{})
	queries(t, c, target+"&ca="+url.QueryEscape(ca), Config{})
	_, r = watch(t, open(t, target+"&ca="+url.QueryEscape(ca)+"&server-name=other", Config{}))
	if _, ok := errors.AsType[x509.HostnameError](r.wait()); !ok {
		t.Errorf("with another name, Watch = %v, want the wrong name", r.err)
	}
}

func TestNegativeLimitIsRefused(t *testing.T) { refused(t, "/svc?limit=-1", "whole number") }
func TestTrailingSlashIsRefused(t *testing.T) { refused(t, "/svc/", "empty segment") }

func TestNothingIsInjectedIntoPaths(t *testing.T) {
	for _, path := range []string{"/svc%3Fdc=x", "/svc%23", "/..%2Fkv", "/svc%2f..", "/%2e%2e", "/svc%0a", "/svc%00"} {
		refused(t, path, "")
	}
}

func refused(t *testing.T, rest, says string) {
	t.Helper()
	i, err := sd.Open("consul://127.0.0.1:8500"+rest, sd.InstancerConfig{}, Scheme(Config{}))
	if err == nil {
		i.Stop()
	}
	if !errors.Is(err, sd.ErrTarget) || !strings.Contains(err.Error(), says) {
		t.Errorf("%q: %v, want an error that says %q", rest, err, says)
	}
}

func TestIPv6AddressesAreBracketed(t *testing.T) {
	c := &recorder{entries: `[{"Node":{"Node":"n","Address":"fe80::1"},"Service":{"ID":"a","Address":"2001:db8::1","Port":80}},{"Node":{"Node":"n","Address":"2001:db8::2"},"Service":{"ID":"b","Port":80}}]`}
	seen, _ := watch(t, open(t, "consul://"+record(t, c)+"/svc", Config{}))
	want(t, seen, sd.Instance{ID: "a", Addr: "[2001:db8::1]:80", Weight: 1}, sd.Instance{ID: "b", Addr: "[2001:db8::2]:80", Weight: 1})
}

func TestRequestIsCancelledOnStop(t *testing.T) {
	c := &recorder{entries: oneEntry}
	queries(t, c, "consul://"+record(t, c)+"/svc?wait=10m", Config{})
	eventually(t, "the server sees the end of the query", func() bool { return c.gaveUp() == 1 })
}

func TestTargetOfADeadAgentSaysWhy(t *testing.T) {
	i, err := sd.Open("consul://127.0.0.1:1/svc?token=geheim", sd.InstancerConfig{}, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	eventually(t, "an error is told", func() bool { s, _ := i.Snapshot(); return s.Err != nil })
	if s, _ := i.Snapshot(); s.Synced || strings.Contains(s.Err.Error(), "geheim") || !strings.Contains(s.Err.Error(), "127.0.0.1:1") {
		t.Errorf("it is %+v, want an error that names the agent", s)
	}
}

// What a client must not do for whoever answers.

func TestRedirectsAreNotFollowed(t *testing.T) {
	thief := &recorder{entries: oneEntry}
	elsewhere := record(t, thief)
	server := httptest.NewServer(http.RedirectHandler("http://"+elsewhere+"/v1/health/service/svc", http.StatusFound))
	defer server.Close()
	_, r := watch(t, open(t, "consul://"+strings.TrimPrefix(server.URL, "http://")+"/svc?token=secret", Config{}))
	if err := r.wait(); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("Watch = %v, want that it redirects", err)
	}
	if n := len(thief.requests()); n > 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

func TestHugeAnswersAreCutOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Consul-Index", "1")
		_, _ = io.WriteString(w, "[")
		for {
			if _, err := fmt.Fprint(w, strings.Repeat(" ", 1<<18)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	_, r := watch(t, open(t, "consul://"+strings.TrimPrefix(server.URL, "http://")+"/svc", Config{Timeout: maxWait}))
	if err := r.wait(); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("Watch = %v, want that there is too much", err)
	}
}
