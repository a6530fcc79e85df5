package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDescribe(t *testing.T) {
	document, err := describe(t.TempDir())
	if err != nil || !bytes.Contains(document, []byte("/books/{isbn}/loans")) {
		t.Errorf("%v %s", err, document)
	}
}

func TestPicture(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI has no chromium: %v", err)
		}
		t.Skip("no chromium here, which Debian has as a package of that name")
	}
	file := filepath.Join(t.TempDir(), "page.png")
	if err := run(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(picture, []byte("\x89PNG")) {
		t.Errorf("%v: %.20q is no picture", err, picture)
	}
}
