package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var calls = regexp.MustCompile(`calls=[1-9][0-9]*`)

// TestReadme types the README's command and wants what it shows, but for the
// number of calls.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "$ go run ./mtls\n")
	if !ok {
		t.Fatal("the README has no command")
	}
	want, _, _ := strings.Cut(after, "```")
	var out strings.Builder
	if err := run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	if calls.ReplaceAllString(out.String(), "calls=_") != calls.ReplaceAllString(want, "calls=_") {
		t.Fatalf("it printed\n%s\nand the README shows\n%s", out.String(), want)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"not defined:":        {"-ca", "x"},
		"nothing to say; see": {"twice"},
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
