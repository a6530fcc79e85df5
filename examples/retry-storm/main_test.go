package main

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var number = regexp.MustCompile(`[0-9.]+`)

// TestReadme types the README's command and wants what it shows, but for figures,
// and of these what it claims.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "$ go run ./retry-storm")
	if !ok {
		t.Fatal("the README has no command")
	}
	args, shown, _ := strings.Cut(after, "\n")
	want, _, _ := strings.Cut(shown, "```")
	var out strings.Builder
	const calls = 300 // and so few a second that a busy machine can make nine of each
	began := time.Now()
	if err := run(t.Context(), append(strings.Fields(args), "-rate", "100", "-calls", strconv.Itoa(calls)), &out); err != nil {
		t.Fatal(err)
	}
	if number.ReplaceAllString(out.String(), "_") != number.ReplaceAllString(want, "_") {
		t.Fatalf("it printed\n%s\nand the README shows\n%s", out.String(), want)
	}
	// A budget is a fifth of the calls and ten attempts a second, which weigh more the
	// fewer calls there are: those of ten seconds at first, and of as long as it took.
	ours := 1.2 + 10*(10+time.Since(began).Seconds())/calls
	for printed, most := range map[string]float64{want: 1.3, out.String(): ours} {
		lines := strings.Split(printed, "\n")
		if each := forEach(t, lines[0]); each < 5 {
			t.Errorf("without a budget, %.2f calls for each; want a storm of 5 and more:\n%s", each, printed)
		}
		if each := forEach(t, lines[2]); each > most {
			t.Errorf("with a budget, %.2f calls for each; want at most %v:\n%s", each, most, printed)
		}
		for _, line := range []string{lines[1], lines[3]} {
			if !strings.Contains(line, " failed=0 ") || forEach(t, line) < 1 {
				t.Errorf("after the outage: %s; want no call to fail", line)
			}
		}
	}
}

var perCall = regexp.MustCompile(`([0-9.]+) for each$`)

// forEach is how many calls a line says that the bottom got for each.
func forEach(t *testing.T, line string) float64 {
	t.Helper()
	m := perCall.FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("%q says nothing about each", line)
	}
	each, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return each
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
