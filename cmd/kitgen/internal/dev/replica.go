package dev

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/sd"
)

// arrival is how long a replica may take from its start until the registry
// lists it.
const arrival = 60 * time.Second

// newReplica is the next replica of f.
func (s *session) newReplica(f *fleet) *unit {
	f.count++
	u := &unit{name: fmt.Sprintf("%s-%d", f.name, f.count), state: down}
	u.log = s.book.source(u.name)
	u.launch = func(ctx context.Context) (*process, error) { return s.launchReplica(ctx, f, u) }
	return u
}

// launchReplica starts a process of f's program and returns once the registry
// lists it.
func (s *session) launchReplica(ctx context.Context, f *fleet, u *unit) (*process, error) {
	p := &process{program: f.program(), log: u.log.part()}
	args, err := f.arguments(p, At(s.registry, f.name))
	if err != nil {
		return nil, err
	}
	p.Process, err = child.Start(child.Config{Name: u.name, Dir: f.dir, Args: args, Stdout: p.log, Stderr: p.log})
	if err != nil {
		return nil, err
	}
	if err := f.await(ctx, p); err != nil {
		p.Kill()
		p.log.end()
		return nil, fmt.Errorf("%s: %w; %s", u.name, err, p.log.epitaph())
	}
	return p, nil
}

// arguments are p's program and its flags, on addresses that it gets here.
func (f *fleet) arguments(p *process, registry string) ([]string, error) {
	ports, err := child.FreePorts(2)
	if err != nil {
		return nil, err
	}
	args := []string{p.program, "-advertise", "127.0.0.1", "-registry", registry}
	if f.http {
		p.http = ports[0]
		args = append(args, "-http-addr", p.http)
	}
	if f.grpc {
		p.grpc = ports[1]
		args = append(args, "-grpc-addr", p.grpc)
	}
	return args, nil
}

// await returns once the registry lists p.
func (f *fleet) await(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, arrival, fmt.Errorf("the registry does not list it after %s", arrival))
	defer cancel()
	for {
		snapshot, changed := f.instances.Snapshot()
		if slices.ContainsFunc(snapshot.Instances, p.is) {
			return nil
		}
		select {
		case <-changed:
		case <-p.Done():
			return fmt.Errorf("%w before it was ready (%s)", child.ErrEnded, ending(p.Err()))
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), snapshot.Err)
		}
	}
}

// is says whether in is p.
func (p *process) is(in sd.Instance) bool {
	return p.grpc != "" && in.Meta["grpc"] == p.grpc || p.http != "" && in.Meta["http"] == p.http
}
