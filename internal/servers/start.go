package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"
)

// kind is one sort of server: how it is run, and how one sees that it is ready.
type kind struct {
	name string
	// program is the path of its binary; what takes long is announced.
	program func(ctx context.Context, progress io.Writer) (string, error)
	ports   int // how many it listens on; the first is the clients'
	args    func(s site) ([]string, error)
	// ready returns nil once the server does its work; a member of a cluster,
	// once it answers.
	ready func(ctx context.Context, p probe) error
	// settle returns nil once a member of a cluster that has a leader does its
	// work; nil if there are no clusters of this kind.
	settle func(ctx context.Context, p probe) error
	// view is what a member of a cluster calls itself, and whom it follows.
	view func(ctx context.Context, p probe) (self, leader string, err error)
}

// site is where a server runs. It keeps all this over restarts.
type site struct {
	data  string // a folder it may make, and owns
	ports []*port
	peers [][]*port // those of all members of its cluster; nil if it is alone
	index int       // its own place among them; negative for an agent that is no member
	tls   *TLS
}

// startTimeout bounds one start, build excluded; the slowest takes some
// seconds.
const startTimeout = 60 * time.Second

// start builds k if need be and runs it on free ports.
func start(ctx context.Context, k kind, opts Options) (*Process, error) {
	bin, err := k.program(ctx, opts.progress())
	if err != nil {
		return nil, err
	}
	dir, own, err := opts.folder(k.name)
	if err != nil {
		return nil, err
	}
	p, err := newProcess(k, bin, dir, opts.TLS)
	if err != nil {
		return nil, err
	}
	p.ownDir = own
	if err := launch(ctx, []*Process{p}); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// newProcess is a server that is down, and has no ports yet.
func newProcess(k kind, bin, dir string, tls *TLS) (*Process, error) {
	if tls != nil && tls.Cert == (Pair{}) {
		with := *tls
		var err error
		if with.Cert, err = tls.CA.issue(dir, "server", 24*time.Hour, nil); err != nil {
			return nil, fmt.Errorf("start %s: %w", k.name, err)
		}
		tls = &with
	}
	return &Process{kind: k, bin: bin, dir: dir, tls: tls, site: site{data: filepath.Join(dir, "data"), tls: tls}}, nil
}

// launch runs servers for the first time, all at once; more than one are a
// cluster. What it leaves behind when it fails is the caller's to close.
func launch(ctx context.Context, group []*Process) error {
	// A stranger may take a port between our look and the server's bind.
	for try := 1; ; try++ {
		err := reserve(group)
		if err == nil {
			err = all(group, func(p *Process) error { return p.Start(ctx) })
		}
		if err == nil || try == 3 || ctx.Err() != nil {
			return err
		}
		if err := all(group, func(p *Process) error { return errors.Join(p.Wipe(), p.release()) }); err != nil {
			return err
		}
	}
}

// all does f to every server at the same time.
func all(group []*Process, f func(*Process) error) error {
	errs := make([]error, len(group))
	var wg sync.WaitGroup
	for i, p := range group {
		wg.Go(func() { errs[i] = f(p) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// awaitReady returns when the server that was just started is ready.
func (p *Process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return p.await(ctx, p.kind.ready)
}

// await asks again and again, since no server tells when others can use it. The
// caller holds p.mu.
func (p *Process) await(ctx context.Context, well func(context.Context, probe) error) error {
	if p.child == nil {
		return ErrDown
	}
	ask, err := p.probe()
	if err != nil {
		return err
	}
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
		last = well(one, ask)
		done()
		if last == nil {
			return nil
		}
	}
}

// reserve takes the ports that the servers need, and introduces them to each
// other.
func reserve(group []*Process) error {
	peers := make([][]*port, len(group))
	for i, p := range group {
		for range p.kind.ports {
			one, err := reservePort()
			if err != nil {
				return errors.Join(err, release(peers))
			}
			peers[i] = append(peers[i], one)
		}
	}
	for i, p := range group {
		p.mu.Lock()
		p.site.ports = peers[i]
		if len(group) > 1 {
			p.site.peers, p.site.index = peers, i
		}
		p.mu.Unlock()
	}
	return nil
}

func release(ports [][]*port) error {
	var errs []error
	for _, of := range ports {
		for _, one := range of {
			errs = append(errs, one.release())
		}
	}
	return errors.Join(errs...)
}

// release gives the ports back; the process must be down.
func (p *Process) release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return release([][]*port{p.site.ports})
}
