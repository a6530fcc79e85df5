package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Options says how to run a server. The zero value is a good default.
type Options struct {
	Dir      string    // data and log; a temporary folder, removed at the end, if empty
	Progress io.Writer // hears about builds; os.Stderr if nil
}

// kind is one sort of server: how its binary is built and run, and how one
// sees that it is ready.
type kind struct {
	source
	ports int // how many it listens on; the first is the clients'
	// args is its command line; data is a folder it may make and owns.
	args func(data string, ports []*port) []string
	// ready returns nil once the server at addr does its work.
	ready func(ctx context.Context, c *http.Client, addr string) error
}

// Process is a registry server that runs as a child of this process, with the
// data and the ports it keeps over restarts. It dies with this process.
// Methods may be called from any goroutine; they take effect one at a time.
type Process struct {
	kind   kind
	bin    string
	dir    string
	ownDir bool

	mu     sync.Mutex // guards the fields below
	ports  []*port
	child  *child // nil while the server is down
	closed bool
}

// ErrDown is the error of an operation that needs a running server.
var ErrDown = errors.New("server is not running")

// startTimeout bounds one start, build excluded; the slowest takes two seconds.
const startTimeout = 60 * time.Second

// start builds k if need be and runs it on free ports.
func start(ctx context.Context, k kind, opts Options) (*Process, error) {
	if opts.Progress == nil {
		opts.Progress = os.Stderr
	}
	bin, err := k.binary(ctx, opts.Progress)
	if err != nil {
		return nil, err
	}
	p := &Process{kind: k, bin: bin, dir: opts.Dir}
	if p.dir == "" {
		p.ownDir = true
		if p.dir, err = os.MkdirTemp("", "kitgen-"+k.name+"-"); err != nil {
			return nil, fmt.Errorf("start %s: %w", k.name, err)
		}
	}
	// A stranger may take a port between our look and the server's bind.
	for try := 1; ; try++ {
		if err = p.reserve(); err == nil {
			err = p.Start(ctx)
		}
		if err == nil {
			return p, nil
		}
		if try == 3 || ctx.Err() != nil {
			return nil, errors.Join(err, p.Close())
		}
		if err := errors.Join(p.Wipe(), p.release()); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
}

// Endpoint is where clients connect: host:port on the loopback interface. It
// stays the same over Stop, Kill, Wipe and Start.
func (p *Process) Endpoint() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ports[0].addr()
}

// Start runs a server that is down, with the data and the ports it had, and
// returns when it is ready. It does nothing to one that runs.
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("start %s: %w", p.kind.name, os.ErrClosed)
	}
	if p.child != nil && p.child.alive() {
		return nil
	}
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.kind.name, err)
	}
	defer log.Close()                                                 //nolint:errcheck // the child has its own descriptor
	cmd := exec.Command(p.bin, p.kind.args(p.dataPath(), p.ports)...) //nolint:gosec,noctx // our own binary; it outlives ctx, which bounds only the start
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

// awaitReady asks again and again, since neither server tells when others can
// use it.
func (p *Process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		select {
		case <-p.child.exited:
			return fmt.Errorf("it exited before it was ready: %w", p.child.state())
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w; it last said: %w", ctx.Err(), last)
		case <-tick.C:
		}
		one, done := context.WithTimeout(ctx, time.Second)
		last = p.kind.ready(one, client, p.ports[0].addr())
		done()
		if last == nil {
			return nil
		}
	}
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
	if err := os.RemoveAll(p.dataPath()); err != nil {
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

func (p *Process) dataPath() string { return filepath.Join(p.dir, "data") }
func (p *Process) logPath() string  { return filepath.Join(p.dir, p.kind.name+".log") }

// reserve takes the ports the server needs.
func (p *Process) reserve() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ports = nil
	for range p.kind.ports {
		one, err := reservePort()
		if err != nil {
			return err
		}
		p.ports = append(p.ports, one)
	}
	return nil
}

func (p *Process) release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, one := range p.ports {
		errs = append(errs, one.release())
	}
	return errors.Join(errs...)
}
