package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDraw(t *testing.T) {
	log := []string{"kitgen    | a < b & c", "greeter-1 | " + strings.Repeat("long ", 100), "no bar"}
	picture := draw(log, []string{"$ kitgen dev ps", "what it says"})
	wellFormed(t, picture)
	for _, want := range []string{"a &lt; b &amp; c", palette[0], "…", "no bar", "$ kitgen dev ps"} {
		if !strings.Contains(picture, want) {
			t.Errorf("no %q in\n%s", want, picture)
		}
	}
}

func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds kitgen and a service, and runs them")
	}
	file := filepath.Join(t.TempDir(), "dev.svg")
	if err := run(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(picture))
	for _, want := range []string{"greeter-2 killed", "errors 0"} {
		if !strings.Contains(string(picture), want) {
			t.Errorf("no %q in the picture", want)
		}
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}
