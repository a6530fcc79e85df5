package servers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

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
