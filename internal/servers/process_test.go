package servers

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestParentDies covers what no cleanup function sees: the server must be gone
// when the process that started it is killed, or panics.
func TestParentDies(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"kill", "panic"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), helperEnv+"="+end, helperEnv+"_DIR="+t.TempDir())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if end == "kill" {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Wait(); err == nil {
				t.Fatal("the helper ended well")
			}
			awaitGone(t, strings.TrimSpace(line))
		})
	}
}

// awaitGone returns once nobody listens on addr; the kernel kills the child
// soon after its parent, not at once.
func awaitGone(t *testing.T, addr string) {
	t.Helper()
	for t.Context().Err() == nil {
		if err := page(t.Context(), "http://"+addr+"/health"); err != nil {
			wantRefused(t, addr)
			return
		}
	}
}

// broken is a server that writes a line and exits.
func broken(t *testing.T) *Process {
	t.Helper()
	k := kind{
		name:  "broken",
		ports: 1,
		args:  func(site) ([]string, error) { return []string{"-c", "echo out of cheese; exit 3"}, nil },
		ready: func(context.Context, probe) error { return errors.New("no") },
	}
	p, err := newProcess(k, "/bin/sh", t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := reserve([]*Process{p}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestStartTellsWhyItFailed(t *testing.T) {
	t.Parallel()
	err := broken(t).Start(t.Context())
	for _, want := range []string{"start broken: ", "exit status 3", "out of cheese"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start = %v; want %q in it", err, want)
		}
	}
}

func TestOperationsOnADownServer(t *testing.T) {
	t.Parallel()
	p := broken(t)
	if err := p.Freeze(); !errors.Is(err, ErrDown) {
		t.Errorf("Freeze = %v; want ErrDown", err)
	}
	if err := p.Thaw(); !errors.Is(err, ErrDown) {
		t.Errorf("Thaw = %v; want ErrDown", err)
	}
	if err := errors.Join(p.Kill(), p.Stop(), p.Wipe(), p.Close(), p.Close()); err != nil {
		t.Errorf("ending what is down: %v; want nil", err)
	}
	if err := p.Start(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Start after Close = %v; want os.ErrClosed", err)
	}
}

func TestCloseRemovesWhatItMade(t *testing.T) {
	t.Parallel()
	p, err := StartEtcd(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := p.dir
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stat of the temporary folder = %v; want it gone", err)
	}

	dir = t.TempDir()
	if p, err = StartEtcd(t.Context(), Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		t.Errorf("stat of the caller's folder = %v; want its data kept", err)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := broken(t)
	p.kind.args = func(site) ([]string, error) { return []string{"-c", "exec sleep 600"}, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Start(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v; want context.Canceled", err)
	}
}
