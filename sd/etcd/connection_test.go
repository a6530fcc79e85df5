package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// file writes one of a test's own and returns its path.
func file(tb testing.TB, name, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestBadConnectionIsAnErrorThatNamesTheMend(t *testing.T) {
	here := []string{"127.0.0.1:1"}
	empty, junk := file(t, "empty", " \n"), file(t, "junk", "junk")
	for _, tt := range []struct {
		c    Connection
		says string
	}{
		{Connection{}, "host:port"},
		{Connection{Endpoints: []string{"a:1", ""}}, "empty element"},
		{Connection{Endpoints: here, Cert: "c.pem"}, "set Key"},
		{Connection{Endpoints: here, Key: "k.pem"}, "set Cert"},
		{Connection{Endpoints: here, User: "u"}, "set PasswordFile"},
		{Connection{Endpoints: here, Password: "p"}, "set User"},
		{Connection{Endpoints: here, PasswordFile: "p"}, "set User"},
		{Connection{Endpoints: here, User: "u", Password: "p", PasswordFile: "f"}, "keep one"},
		{Connection{Endpoints: here, User: "u", PasswordFile: "/not/there"}, "/not/there"},
		{Connection{Endpoints: here, User: "u", PasswordFile: empty}, "is empty"},
		{Connection{Endpoints: here, CA: "/not/there"}, "/not/there"},
		{Connection{Endpoints: here, CA: junk}, "no PEM certificate"},
		{Connection{Endpoints: here, Cert: junk, Key: junk}, "read the certificate"},
	} {
		_, err := tt.c.Dial(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Dial of %v = %v, want an error that says %q", tt.c, err, tt.says)
		}
		cfg := Config{Connection: tt.c}
		for name, err := range map[string]error{
			"Watch": NewWatcher(nil, "svc", cfg).Watch(t.Context(), nil),
			"Hold":  NewHolder(nil, "svc", cfg).Hold(t.Context(), instance("a"), nil),
		} {
			if err == nil || len(tt.c.Endpoints) > 0 && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s by %v = %v, want an error that says %q", name, tt.c, err, tt.says)
			}
		}
	}
}

func TestConnectionHidesItsPassword(t *testing.T) {
	c := Connection{Endpoints: []string{"a:1"}, User: "me", Password: "hunter2"}
	text, err := json.Marshal(Config{Connection: c}.Connection)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		string(text), c.String(), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), fmt.Sprintf("%v %+v %#v", Config{Connection: c}, Config{Connection: c}, Config{Connection: c}),
	} {
		if strings.Contains(shown, "hunter2") || !strings.Contains(shown, "me") {
			t.Errorf("it prints as %s", shown)
		}
	}
}

// Somebody must answer before a user is known there; that waits for ctx only.
func TestDialEndsWithItsContext(t *testing.T) {
	c := Connection{Endpoints: []string{"127.0.0.1:1"}, User: "u", Password: "p"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	client, err := c.Dial(ctx)
	t.Logf("gave up after %v: %v", time.Since(start), err)
	if client != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial = %v, %v; want the end of its ctx", client, err)
	}
	if _, err := (Connection{Endpoints: []string{"127.0.0.1:1"}}).Dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial after ctx ended = %v", err)
	}
}

func TestHoldLeavesNothingWhereNothingWas(t *testing.T) {
	h := NewHolder(nil, "svc", Config{Connection: Connection{Endpoints: []string{"127.0.0.1:1"}, User: "u", Password: "p"}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := h.Hold(ctx, instance("a"), func() {}); err != nil {
		t.Errorf("Hold = %v, want nil: there is nothing to leave", err)
	}
}

func TestRefused(t *testing.T) {
	f := newFixture(t)
	f.allow()
	for name, got := range map[string]error{
		"wrong password": NewWatcher(nil, "svc", Config{Connection: Connection{Endpoints: []string{f.etcd.Endpoint()}, User: "svc", Password: "wrong"}}).Watch(t.Context(), nil),
		"no user":        NewWatcher(connect(t, f.etcd.Endpoint()), "svc", Config{}).Watch(t.Context(), nil),
		"no permission":  NewWatcher(connect(t, f.etcd.Endpoint(), as("svc")), "other", Config{}).Watch(t.Context(), nil),
	} {
		t.Logf("%s: %v", name, got)
		if !refused(got) {
			t.Errorf("%s: refused(%v) = false", name, got)
		}
		if strings.Contains(got.Error(), "wrong") {
			t.Errorf("%s: the password is in %v", name, got)
		}
	}
	if refused(context.DeadlineExceeded) || refused(nil) {
		t.Error("silence is no refusal")
	}
}

func FuzzTarget(f *testing.F) {
	for _, seed := range badTargets {
		f.Add(seed.target)
	}
	f.Add("etcd://u:p@h:1,g:2/ns/svc?ttl=15s&resync=5m&ca=F&cert=F&key=F&server-name=N&tls=true&layout=naming")
	f.Fuzz(func(t *testing.T, text string) {
		target, err := sd.ParseTarget(text)
		if err != nil || target.Scheme != "etcd" {
			return
		}
		s := Scheme(Config{})
		_, werr := s.Watcher(target)
		_, herr := s.Holder(target)
		if (werr == nil) != (herr == nil) {
			t.Fatalf("Watcher: %v, Holder: %v", werr, herr)
		}
		if p := target.Password; len(p) > 6 && werr != nil && strings.Contains(werr.Error(), p) && !strings.Contains(target.String(), p) {
			t.Fatalf("%v shows the password", werr)
		}
	})
}
