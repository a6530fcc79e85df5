package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// process is a service's process, as whoever started it sees it.
type process struct {
	cmd     *exec.Cmd
	stdin   io.Closer   // it ends when this is closed
	reports chan report // closed when it has said its last
	stderr  bytes.Buffer
	started time.Time
	first   report // its addresses
}

// launch runs this program as a service, and returns once it has listeners.
func launch(ctx context.Context, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(self, append([]string{serve}, args...)...), reports: make(chan report, 16)} //nolint:gosec,noctx // ourselves; end ends it
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a service: %w", err)
	}
	go p.read(out)
	if p.first, err = p.await(ctx, "listening"); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

// read passes on what the process says, until it says no more.
func (p *process) read(out io.Reader) {
	defer close(p.reports)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			p.reports <- r
		}
	}
}

// await returns what the process says of an event; what it says before is left
// out.
func (p *process) await(ctx context.Context, event string) (report, error) {
	for {
		select {
		case r, ok := <-p.reports:
			if !ok {
				return report{}, fmt.Errorf("the service ended before it was %s", event)
			}
			if r.Event == event {
				return r, nil
			}
		case <-ctx.Done():
			return report{}, fmt.Errorf("wait until the service is %s: %w", event, context.Cause(ctx))
		}
	}
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// exit waits for the end that a stop brings, and returns the code.
func (p *process) exit(ctx context.Context) (code int, err error) {
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() }) // it would be too late for anything else
	defer stop()
	p.drain()
	err = p.cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		err = nil
	}
	return p.cmd.ProcessState.ExitCode(), err
}

// drain reads to the end of the output, before Wait closes it.
func (p *process) drain() {
	for range p.reports {
	}
}

// end ends the process, however it is.
func (p *process) end() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	_ = p.stdin.Close()
	_ = p.cmd.Process.Kill() // fails only if it is gone already
	p.drain()
	_ = p.cmd.Wait() // killed
	if p.stderr.Len() > 0 {
		return fmt.Errorf("the service said: %s", &p.stderr)
	}
	return nil
}
