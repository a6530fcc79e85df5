package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a server's, as the stage sees it.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser // takes orders; it ends when this is closed
	addr   string
	gone   chan struct{} // closed once it is reaped and its output is read
	stderr bytes.Buffer  // valid after gone

	mu      sync.Mutex // guards samples
	samples []sample
}

// sample is how many calls a server had got by then.
type sample struct {
	at    time.Time
	calls int64
}

// launch starts a server and returns when it listens. Whoever calls it ends it.
func launch(args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{"server"}, args...)...) //nolint:gosec,noctx // ourselves; end ends it
	p := &process{cmd: cmd, gone: make(chan struct{})}
	cmd.Stderr = &p.stderr
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	listening := make(chan string, 1)
	go func() {
		defer close(p.gone)
		p.listen(stdout, listening)
		_ = cmd.Wait() // how it ended is in ProcessState
	}()
	select {
	case p.addr = <-listening:
		return p, nil
	case <-p.gone:
		return nil, fmt.Errorf("a server ended: %s: %s", cmd.ProcessState, &p.stderr)
	}
}

// listen reads what the server prints, until it ends.
func (p *process) listen(out io.Reader, listening chan<- string) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue // a runtime's last words; they are on the error output too
		}
		if r.Addr != "" {
			listening <- r.Addr
			continue
		}
		p.mu.Lock()
		p.samples = append(p.samples, sample{time.Now(), r.Calls})
		p.mu.Unlock()
	}
}

// order tells it what to do from now on.
func (p *process) order(text string) error {
	_, err := fmt.Fprintln(p.stdin, text)
	return err
}

// freeze halts it: its connections stay, nobody answers.
func (p *process) freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

func (p *process) thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// end ends it, however it is, and joins what waits for it.
func (p *process) end() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Kill() // fails only if it is gone already
	<-p.gone
}
