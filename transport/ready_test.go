package transport_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kitgen/kitgen/transport"
)

func get(h http.Handler) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Code, w.Body.String()
}

func TestReady(t *testing.T) {
	var ready transport.Ready
	check := func(when string, wantStatus int, wantBody string) {
		t.Helper()
		if status, body := get(&ready); status != wantStatus || body != wantBody {
			t.Errorf("%s: %d %q, want %d %q", when, status, body, wantStatus, wantBody)
		}
		if err := ready.Check(t.Context()); (err == nil) != (wantStatus == 200) || err != nil && !errors.Is(err, transport.ErrNotReady) {
			t.Errorf("%s: Check says %v", when, err)
		}
	}
	check("zero", 503, "not ready\n")
	ready.Set(true)
	check("set", 200, "ready\n")
	warm := errors.New("cache is cold")
	ready.Also = func(context.Context) error { return warm }
	check("also", 503, "not ready: cache is cold\n")
	if err := ready.Check(t.Context()); !errors.Is(err, warm) {
		t.Errorf("%v hides its reason", err)
	}
	warm = nil
	check("warm", 200, "ready\n")
	ready.Set(false)
	check("unset", 503, "not ready\n")
}

func TestLive(t *testing.T) {
	if status, body := get(transport.Live()); status != 200 || body != "live\n" {
		t.Errorf("%d %q", status, body)
	}
}
