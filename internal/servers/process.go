package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Process is a registry server that runs as a child of this process, with the
// data and the ports it keeps over restarts. It dies with this process.
// Methods may be called from any goroutine; they take effect one at a time.
type Process struct {
	kind   kind
	bin    string
	dir    string
	ownDir bool
	tls    *TLS // its certificate is there; nil if clients speak in the clear

	mu     sync.Mutex // guards the fields below
	site   site
	child  *child // nil while the server is down
	closed bool
}

// ErrDown is the error of an operation that needs a running server.
var ErrDown = errors.New("server is not running")

// Endpoint is where clients connect: host:port on the loopback interface. It
// stays the same over Stop, Kill, Wipe and Start.
func (p *Process) Endpoint() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.site.ports[0].addr()
}

// DNS is where a Consul answers names, over UDP and TCP; empty for others.
func (p *Process) DNS() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kind.name != "consul" {
		return ""
	}
	return p.site.ports[3].addr()
}

// Start runs a server that is down, with the data and the ports it had, and
// returns when it is ready. It does nothing to one that runs. A member of a
// cluster is ready when it answers, be there a leader or not: see
// [Cluster.Leader].
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("start %s: %w", p.kind.name, os.ErrClosed)
	}
	if p.child != nil && p.child.alive() {
		return nil
	}
	args, err := p.kind.args(p.site)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.kind.name, err)
	}
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.kind.name, err)
	}
	defer log.Close()                   //nolint:errcheck // the child has its own descriptor
	cmd := exec.Command(p.bin, args...) //nolint:gosec,noctx // our own binary; it outlives ctx, which bounds only the start
	cmd.Dir = p.dir
	cmd.Stdout, cmd.Stderr = log, log
	c, err := startChild(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.kind.name, err)
	}
	p.child = c
	if err := p.awaitReady(ctx); err != nil {
		c.kill()
		p.child = nil
		return fmt.Errorf("start %s: %w; its log ends:\n%s", p.kind.name, err, p.LogTail())
	}
	return nil
}

// Kill ends the server with SIGKILL and waits for its end. Connections break;
// the data stays. It does nothing to a server that is down.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		p.child.kill()
		p.child = nil
	}
	return nil
}

// Stop ends the server with SIGTERM, the way an operator does, and waits for
// its end; it kills one that takes longer than 15 s, and says so. It does
// nothing to a server that is down.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return nil
	}
	err := p.child.stop(15 * time.Second)
	p.child = nil
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.kind.name, err)
	}
	return nil
}

// Freeze halts the server with SIGSTOP and returns when it has: the kernel
// still accepts connections and bytes for it, and nobody answers.
func (p *Process) Freeze() error { return p.do("freeze", (*child).freeze) }

// Thaw lets a frozen server go on. Time has passed for it meanwhile.
func (p *Process) Thaw() error { return p.do("thaw", (*child).thaw) }

func (p *Process) do(verb string, act func(*child) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := ErrDown
	if p.child != nil {
		err = act(p.child)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, p.kind.name, err)
	}
	return nil
}

// Wipe kills the server and removes its data, as if its machine was replaced.
// Start then gives an empty one on the same ports.
func (p *Process) Wipe() error {
	if err := p.Kill(); err != nil {
		return err
	}
	if err := os.RemoveAll(p.site.data); err != nil {
		return fmt.Errorf("wipe %s: %w", p.kind.name, err)
	}
	return nil
}

// Close kills the server, gives its ports back and removes its data if it was
// temporary. It may be called again.
func (p *Process) Close() error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return nil
	}
	err := errors.Join(p.Kill(), p.release())
	if p.ownDir {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

// LogTail returns the last lines the server wrote, for a message.
func (p *Process) LogTail() string {
	const most = 4096
	b, err := os.ReadFile(p.logPath())
	if err != nil {
		return err.Error()
	}
	if len(b) > most {
		b = b[len(b)-most:]
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	return string(b)
}

func (p *Process) logPath() string { return filepath.Join(p.dir, p.kind.name+".log") }
