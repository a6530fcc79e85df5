package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestReadme types the README's command and wants what it shows.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "$ go run ./sticky-cache")
	if !ok {
		t.Fatal("the README has no command")
	}
	args, shown, _ := strings.Cut(after, "\n")
	want, _, _ := strings.Cut(shown, "```")
	var out strings.Builder
	if err := run(t.Context(), strings.Fields(args), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("it printed\n%s\nand the README says\n%s", out.String(), want)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"not defined:":  {"-percent", "5"},
		"invalid value": {"-users", "many"},
	} {
		if err := run(t.Context(), args, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v; want %q", args, err, want)
		}
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, nil, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("error %v", err)
	}
}

// What goes wrong behind the front is no secret of it.
func TestFrontWithoutInstances(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	nobody := func(context.Context, any) (any, error) { return nil, errors.New("10.0.0.7: no route") }
	front(nobody).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/cart/ann", nil))
	if w.Code != http.StatusBadGateway || strings.Contains(w.Body.String(), "10.0.0.7") {
		t.Errorf("answer %d: %s", w.Code, w.Body)
	}
}
