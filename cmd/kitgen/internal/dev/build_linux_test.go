package dev

import (
	"bytes"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAProgramIsCopiedWholeOrNotAtAll(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "built"), filepath.Join(t.TempDir(), "bin", "greeter")
	program := bytes.Repeat([]byte("x"), 1<<20)
	if err := os.WriteFile(from, program, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := inLittleRoom(t, func() error { return copyFile(from, to) }); err == nil {
		t.Fatal("there was more room than said")
	}
	for range 2 { // the second time it is there
		if err := copyFile(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, program) {
		t.Errorf("%d bytes of %d were copied, %v", len(got), len(program), err)
	}
}

// inLittleRoom does something while files cannot be large.
func inLittleRoom(t *testing.T, do func() error) error {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Skip(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: old.Max}); err != nil {
		t.Skip(err)
	}
	err := do()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	return err
}
