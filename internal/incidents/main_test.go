package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes the test binary a server when an incident runs it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "server" {
		os.Exit(command(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"-out nowhere":        {"-out", "nowhere"},
		"one of failing, han": {"-out", ".", "-only", "flood"},
		"not defined":         {"-in", "x"},
		"there are flags":     {"-out", ".", "tail"},
	} {
		if err := draw(t.Context(), args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := runServer(t.Context(), []string{"-work", "long"}, strings.NewReader(""), io.Discard); err == nil {
		t.Error("a server took a time that is none")
	}
}
