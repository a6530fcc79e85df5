package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// play is one newcomer with one tool.
type play struct {
	dir     string // the only one there is, empty at first
	tools   string // directory of programs that were installed
	typed   []string
	hand    int
	took    time.Duration
	servers []*exec.Cmd
	outcome outcome
	notes   []string
}

// outcome is what there is in the end; an empty string is no.
type outcome struct{ http, grpc, registered, tests string }

// install types a command that brings a program; its time does not count.
func (p *play) install(ctx context.Context, line string) error {
	took := p.took
	err := p.run(ctx, line)
	p.took = took
	return err
}

// run types a command.
func (p *play) run(ctx context.Context, line string) error {
	p.typed = append(p.typed, line)
	start := time.Now()
	cmd := p.command(ctx, line)
	out, err := cmd.CombinedOutput()
	p.took += time.Since(start)
	if err != nil {
		return fmt.Errorf("$ %s: %w\n%s", line, err, last(out))
	}
	return nil
}

// serve types a command that goes on.
func (p *play) serve(ctx context.Context, line string) (*printed, error) {
	p.typed = append(p.typed, line)
	cmd := p.command(ctx, line)
	log := new(printed)
	cmd.Stdout, cmd.Stderr = log, log
	p.servers = append(p.servers, cmd)
	return log, cmd.Start()
}

// command is a line of a shell, whose children end with it.
func (p *play) command(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-c", line)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=", "PATH="+p.tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// write puts lines that nobody generates into a file.
func (p *play) write(name, text string) error {
	p.hand += strings.Count(strings.TrimSpace(text), "\n") + 1
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// edit replaces a part of a file, and counts the lines of the new text.
func (p *play) edit(name, old, text string) error {
	path := filepath.Join(p.dir, name)
	was, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(was, []byte(old)) {
		return fmt.Errorf("%s: has no %q: the tool writes something else than it did", name, old)
	}
	p.hand += strings.Count(strings.TrimSpace(text), "\n") + 1
	return os.WriteFile(path, bytes.Replace(was, []byte(old), []byte(text), 1), 0o600)
}

// within waits until f succeeds, for a service to come up.
func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// end stops what runs.
func (p *play) end() {
	for _, cmd := range p.servers {
		if cmd.Process == nil {
			continue
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		hard := time.AfterFunc(30*time.Second, func() { _ = cmd.Cancel() })
		_ = cmd.Wait() // it ends by a signal, which is an error
		hard.Stop()
	}
}

// files counts what is there.
func (p *play) files() (n int, err error) {
	err = filepath.WalkDir(p.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	return n, err
}

func last(out []byte) []byte {
	if lines := bytes.Split(bytes.TrimSpace(out), []byte("\n")); len(lines) > 15 {
		return bytes.Join(lines[len(lines)-15:], []byte("\n"))
	}
	return bytes.TrimSpace(out)
}

// printed is what a program has printed so far. It is safe for concurrent use.
type printed struct {
	mu   sync.Mutex // guards text
	text []byte
}

// Write implements io.Writer.
func (w *printed) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, b...)
	return len(b), nil
}

func (w *printed) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.text)
}
