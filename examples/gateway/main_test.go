package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// browser keeps its cookie, also over plain HTTP.
type browser struct {
	cookie *http.Cookie
	url    string
}

// get returns who answered.
func (b *browser) get(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s, %v", resp.Status, body, err)
	}
	for _, c := range resp.Cookies() {
		b.cookie = c
	}
	return string(body)
}

func TestSessionsStay(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	var registry sdtest.Memory
	leave := make(map[string]func())
	for i := range 3 {
		name := fmt.Sprint("users-", i)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, name) }))
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		held, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			_ = registry.Holder("users").Hold(ctx, sd.Instance{ID: name, Addr: s.Listener.Addr().String()}, func() { close(held) })
		}()
		<-held
		leave[name] = func() { cancel(); <-done }
		defer leave[name]()
	}
	instances := sd.NewInstancer(registry.Watcher("users"), sd.InstancerConfig{Protection: sd.Off})
	defer instances.Stop()
	c, err := newCookies([]byte(strings.Repeat("k", keySize)))
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGateway(instances, c, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for all, _ := g.pool.Endpoints(); len(all) < 3; all, _ = g.pool.Endpoints() {
		time.Sleep(time.Millisecond)
	}
	front := httptest.NewServer(g.handler)
	defer front.Close()

	b := &browser{url: front.URL}
	home := b.get(t)
	if strings.Contains(b.cookie.Value, home) || c.open(b.cookie.Value) != home {
		t.Errorf("the cookie %q does not hide %s", b.cookie.Value, home)
	}
	first := b.cookie
	if first.MaxAge != 0 || !first.Expires.IsZero() {
		t.Errorf("the cookie %v ends, and with it the session, while it is in use", first)
	}
	for range 20 {
		if got := b.get(t); got != home || b.cookie != first {
			t.Fatalf("from %s to %s", home, got)
		}
	}
	leave[home]()
	for all, _ := g.pool.Endpoints(); len(all) > 2; all, _ = g.pool.Endpoints() {
		time.Sleep(time.Millisecond)
	}
	next := b.get(t)
	if next == home || c.open(b.cookie.Value) != next {
		t.Errorf("with %s, which has left, and the cookie of %s", next, c.open(b.cookie.Value))
	}
	forged := &browser{url: front.URL, cookie: &http.Cookie{Name: cookieName, Value: next}}
	if got := forged.get(t); c.open(forged.cookie.Value) != got {
		t.Errorf("a cookie that is no one's was not replaced: with %s, %q", got, forged.cookie.Value)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", keySize)), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"want a registry and a key": nil,
		"not defined":               {"-port", "80"},
		"no such file":              {"-registry", "etcd://127.0.0.1:2379/users", "-key", "nowhere"},
		"the secret has":            {"-registry", "etcd://127.0.0.1:2379/users", "-key", "main.go"},
		"-registry: invalid target": {"-registry", "users", "-key", key},
		"-listen":                   {"-registry", "etcd://127.0.0.1:1/users", "-key", key, "-listen", "nowhere"},
	} {
		if err := run(t.Context(), args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v; want %q", args, err, want)
		}
	}
}
