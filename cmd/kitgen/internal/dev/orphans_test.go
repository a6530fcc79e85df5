//go:build unix

package dev

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// running is a process of a copy of the test's own orphan, which is at path.
func running(t *testing.T, path string, args ...string) (ended <-chan error) {
	t.Helper()
	orphan, err := exec.LookPath("orphan")
	if err != nil {
		t.Fatal(err)
	}
	if err := copyFile(orphan, path); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		if cmd.Process.Kill() == nil {
			<-done
		}
	})
	return done
}

func TestWhatAKilledSessionLeftIsEnded(t *testing.T) {
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("this machine has no ps")
	}
	dir := t.TempDir()
	place := filepath.Join(dir, filepath.FromSlash(Place))
	replica := running(t, filepath.Join(place, "bin", "orphan"), "-registry", "etcd://me:geheim@127.0.0.1:1")
	other := running(t, filepath.Join(t.TempDir(), Place, "bin", "orphan"))
	watching := running(t, filepath.Join(t.TempDir(), "orphan"), filepath.Join(place, "bin", "orphan"), "etcd", "--data-dir", filepath.Join(place, "etcd"), "--listen", "x")
	note := Note{PID: 1 << 22, Place: place}
	if err := note.post(); err != nil {
		t.Fatal(err)
	}

	link := filepath.Join(t.TempDir(), "link") // the same directory, written otherwise
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := newSession(config{dir: link}, &console.Console{Out: &log}, nil)
	c, err := s.claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	if !strings.Contains(log.String(), filepath.Join(place, "bin", "orphan")) || strings.Contains(log.String(), "geheim") {
		t.Errorf("it said %s", &log)
	}
	select {
	case <-replica:
	case <-time.After(time.Minute):
		t.Error("the replica goes on")
	}
	select {
	case err := <-other:
		t.Errorf("a replica of another directory's session ended: %v", err)
	case err := <-watching:
		t.Errorf("a process that is told of a replica, but is none, ended: %v", err)
	default:
	}
}

func TestTheCommandLinesOfASession(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space")
	place := filepath.Join(dir, filepath.FromSlash(Place))
	if err := os.MkdirAll(filepath.Join(place, "etcd"), 0o750); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{place: place}
	for command, want := range map[string]bool{
		place + "/bin/greeter-0123456789ab -advertise 127.0.0.1":  true,
		self + " etcd --data-dir " + place + "/etcd --listen h:1": true,
		"":                             false,
		"[kworker/0:1]":                false,
		"vi " + place + "/bin/greeter": false,
		place + "/build/greeter":       false,
		t.TempDir() + "/" + Place + "/bin/greeter-0123456789ab":          false,
		self + " etcd --data-dir " + t.TempDir() + "/etcd --listen h:1":  false,
		"grep " + self + " etcd --data-dir /x/etcd --listen":             false,
		"/usr/bin/other etcd --data-dir " + place + "/etcd --listen h:1": false,
	} {
		if got := s.started(command); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}
