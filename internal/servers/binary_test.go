package servers

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tiny is a source that builds in a moment.
func tiny(t *testing.T) (s source, dir, cache string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "go.mod", "module tiny\n\ngo 1.26.0\n")
	write(t, dir, "main.go", "package main\n\nfunc main() { println(\"one\") }\n")
	return source{name: "tiny", pkg: ".", env: []string{"GOWORK=off"}, waiting: "building tiny"}, dir, t.TempDir()
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBinaryIsBuiltOnceAndAnnounced(t *testing.T) {
	t.Parallel()
	s, dir, cache := tiny(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := s.cached(t.Context(), dir, cache, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first, err := s.cached(t.Context(), dir, cache, failWriter{t})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), first).CombinedOutput(); err != nil || string(out) != "one\n" {
		t.Errorf("run = %q, %v; want one", out, err)
	}

	write(t, dir, "main.go", "package main\n\nfunc main() { println(\"two\") }\n")
	var progress bytes.Buffer
	second, err := s.cached(t.Context(), dir, cache, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if second == first {
		t.Error("a changed source kept the old binary")
	}
	if progress.String() != "building tiny\n" {
		t.Errorf("progress = %q; want what it waits for", progress.String())
	}
}

// failWriter fails its test when it is told of a build.
type failWriter struct{ t *testing.T }

func (w failWriter) Write(b []byte) (int, error) {
	w.t.Errorf("unexpected build: %s", b)
	return len(b), nil
}

func TestBuildErrorShowsTheCompiler(t *testing.T) {
	t.Parallel()
	s, dir, cache := tiny(t)
	write(t, dir, "main.go", "package main\n\nfunc main() { nonsense() }\n")
	_, err := s.cached(t.Context(), dir, cache, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "undefined: nonsense") {
		t.Errorf("err = %v; want the compiler's words", err)
	}
}

func TestBuildEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s, dir, cache := tiny(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.cached(ctx, dir, cache, io.Discard); err == nil {
		t.Error("built in spite of its context")
	}
}

func TestPrebuildHasTheServers(t *testing.T) {
	t.Parallel()
	if err := Prebuild(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	// All there now: nothing to announce.
	if err := Prebuild(t.Context(), failWriter{t}); err != nil {
		t.Fatal(err)
	}
}
