package main

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var number = regexp.MustCompile(`[0-9.]+`)

// TestReadme types the README's command and wants what it shows, but for figures,
// and of these what it claims: who answered, and how often servers were called.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "$ go run ./hedging")
	if !ok {
		t.Fatal("the README has no command")
	}
	args, shown, _ := strings.Cut(after, "\n")
	want, _, _ := strings.Cut(shown, "```")
	var out strings.Builder
	for range 3 { // where the machine is busy both are slow: then it says nothing
		out.Reset()
		if err := run(t.Context(), strings.Fields(args), &out); err != nil {
			t.Fatal(err)
		}
		plain, hedged, _ := strings.Cut(out.String(), "\n")
		if figure(t, hedged, "slow answers") < figure(t, plain, "slow answers") {
			break
		}
	}
	if number.ReplaceAllString(out.String(), "_") != number.ReplaceAllString(want, "_") {
		t.Fatalf("it printed\n%s\nand the README shows\n%s", out.String(), want)
	}
	for _, printed := range []string{want, out.String()} {
		plain, hedged, _ := strings.Cut(printed, "\n")
		if figure(t, plain, "extra calls") != 0 {
			t.Errorf("without hedging there are extra calls: %s", plain)
		}
		if extra, calls := figure(t, hedged, "extra calls"), figure(t, hedged, "calls"); extra == 0 || 100*extra > 3*calls {
			t.Errorf("%d extra calls for %d; want some, and at most 3 %%", extra, calls)
		}
		if without, with := figure(t, plain, "slow answers"), figure(t, hedged, "slow answers"); with >= without {
			t.Errorf("%d slow answers without hedging, and %d with it", without, with)
		}
	}
}

// figure is what a line says of something.
func figure(t *testing.T, line, of string) int {
	t.Helper()
	m := regexp.MustCompile(`[ :]` + of + `=([0-9]+)`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("%q says nothing of %s", line, of)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"not defined:":       {"-percent", "5"},
		"invalid value":      {"-rate", "high"},
		"give a rate from 1": {"-rate", "0"},
		"at least one call":  {"-calls", "0"},
		"there are flags":    {"twice"},
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
