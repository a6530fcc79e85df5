package transport

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/transport/internal/guard"
)

// Bounds of the steps that nobody configures. Each is far above what its step
// takes when all is well.
const (
	probeTimeout    = 5 * time.Second
	registryTimeout = 2 * time.Second
	closeTimeout    = 2 * time.Second
)

// Serve runs cfg's servers until ctx ends or one of them fails, in the order
// that the package describes, and returns when everything it started has come
// back. It owns the servers: they are closed whatever happens.
//
// It returns nil after a clean stop. A server that fails, at the start or
// later, stops the others in the same order, and its error names it. ErrForced
// is part of the error if calls were cut off by Config.Drain or by a second
// SIGINT or SIGTERM, for which Serve listens once ctx has ended. A ctx that
// has ended before starts nothing and registers nothing.
//
// A registry that is slow or down delays neither the start nor the stop by
// more than two seconds each. A step that does not come back at all, such as a
// handler that ignores its context, is left behind, and the error says so.
func Serve(ctx context.Context, cfg Config) error {
	r := newRun(cfg)
	if err := r.validate(); err != nil {
		return errors.Join(err, r.close())
	}
	if ctx.Err() != nil {
		return r.close()
	}
	up, fail := context.WithCancelCause(ctx) // ends with ctx or the first failure
	defer fail(nil)
	r.serve(fail)
	if err := r.start(up, fail); err != nil {
		fail(err)
		return errors.Join(err, r.stop(ctx, up))
	}
	<-up.Done()
	return r.stop(ctx, up)
}

// run is one call of Serve.
type run struct {
	Config
	info, warn log.Logger
	closing    atomic.Bool // servers have been asked to return
	open       bool        // callers have been let in
	member     *membership // nil while not registered
	tasks      []*task     // to be joined at the end
}

func newRun(cfg Config) *run {
	if cfg.Ready == nil {
		cfg.Ready = new(Ready)
	}
	if cfg.Propagation == 0 {
		cfg.Propagation = 3 * time.Second
	}
	if cfg.Drain == 0 {
		cfg.Drain = 15 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	return &run{Config: cfg, info: level.Info(cfg.Logger), warn: level.Warn(cfg.Logger)}
}

func (r *run) validate() error {
	if len(r.Servers) == 0 {
		return errors.New("nothing to serve: give Config.Servers at least one")
	}
	for i, s := range r.Servers {
		if s.Name == "" || s.Serve == nil || s.Close == nil {
			return fmt.Errorf("Config.Servers[%d] (%q): Name, Serve and Close are needed", i, s.Name)
		}
	}
	return nil
}

// serve starts every server; fail is told of one that returns unasked.
func (r *run) serve(fail context.CancelCauseFunc) {
	for _, s := range r.Servers {
		r.tasks = append(r.tasks, begin(s.label(), func() error {
			err := guard.Call(func() error { return s.Serve(r.Ready) })
			if err == nil && !r.closing.Load() {
				err = errors.New("stopped by itself")
			}
			if err != nil {
				fail(fmt.Errorf("%s: %w", s.label(), err))
			}
			return err
		}))
		_ = r.info.Log("msg", "listening", "server", s.Name, "addr", s.Addr)
	}
}

// start probes every server and then lets callers in. It returns nil, with
// nothing registered, if up ends meanwhile.
func (r *run) start(up context.Context, fail context.CancelCauseFunc) error {
	if err := r.probe(up); err != nil || up.Err() != nil {
		return err
	}
	r.open = true
	if err := r.setReady(true); err != nil {
		return err
	}
	if r.Registrar == nil {
		_ = r.info.Log("msg", "serving", "registered", "nowhere")
		return nil
	}
	r.member = join(r.Registrar, fail)
	wait, cancel := context.WithTimeout(context.WithoutCancel(up), registryTimeout)
	defer cancel()
	select {
	case <-r.member.joined:
		_ = r.info.Log("msg", "serving")
	case <-up.Done():
	case <-wait.Done():
		_ = r.warn.Log("msg", "serving; the registrar has not come back yet")
	}
	return nil
}

// probe asks all servers at once.
func (r *run) probe(up context.Context) error {
	ctx, cancel := context.WithTimeout(up, probeTimeout)
	defer cancel()
	var probes []*task
	for _, s := range r.Servers {
		probes = append(probes, begin(s.label()+": self-probe", func() error { return s.probe(ctx) }))
	}
	for _, p := range probes {
		p.wait(ctx)
	}
	err := results(closeTimeout, probes)
	if up.Err() != nil {
		return nil // not what the probes found, but why they were called off
	}
	return err
}

// setReady tells everybody who answers callers' health questions.
func (r *run) setReady(ready bool) error {
	r.Ready.Set(ready)
	var errs []error
	for _, s := range r.Servers {
		if s.SetReady == nil {
			continue
		}
		err := guard.Call(func() error { s.SetReady(ready); return nil })
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: set ready %t: %w", s.label(), ready, err))
		}
	}
	return errors.Join(errs...)
}
