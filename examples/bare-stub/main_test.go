package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

func TestMain(m *testing.M) {
	stub.Register()
	goleak.VerifyTestMain(m)
}

// TestReadme types the README's command and wants what it shows.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "$ go run ./bare-stub")
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
		"invalid value": {"-calls", "many"},
		"at least 30":   {"-calls", "3"},
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
