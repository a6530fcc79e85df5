package transport

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Serve runs cfg's servers until ctx ends or one of them fails, in the order
// that the package describes, and returns when everything it started has come
// back. It owns the servers: they are closed whatever happens.
//
// It returns nil after a clean stop. A server that fails, at the start or
// later, stops the others in the same order, and its error names it; so does a
// registrar that panics or knows that it will never be listed. ErrForced
// is part of the error if calls were cut off by Config.Drain or by a second
// SIGINT or SIGTERM, for which Serve listens once ctx has ended. A ctx that
// has ended before starts nothing and registers nothing; one that ends during
// the start ends that at once. ExitCode is what a process should end with.
//
// No step can hold up the others, nor the end: one that hangs or panics, be it
// a server's, the registrar's or the logger's, costs its own bound, and
// Config.Budget after ctx has ended Serve returns at the latest. What did not
// come back by then is left behind, and the error says so; of handlers that ignore
// their context, that calls were still in flight. Config.Timeline has every step.
func Serve(ctx context.Context, cfg Config) error {
	r := newRun(cfg)
	err := r.all(ctx)
	r.note(stepStopped, "", r.summary(err), nil)
	return errors.Join(err, r.quit())
}

// all is from the first check to the last server that has come back.
func (r *run) all(ctx context.Context) error {
	err := r.validate()
	r.note(stepConfig, "", "", err)
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, r.close())
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

	scribe  *scribe     // nil if there is no logger
	closing atomic.Bool // servers have been asked to return
	open    bool        // callers have been let in
	stopped time.Time   // when the stop began; zero if nothing was started
	member  *membership // nil while not registered
	tasks   []*task     // to be joined at the end
}

func newRun(cfg Config) *run {
	if cfg.Ready == nil {
		cfg.Ready = new(Ready)
	}
	if cfg.Timeline == nil {
		cfg.Timeline = new(Timeline)
	}
	cfg.Propagation, cfg.Drain = cfg.propagation(), cfg.drain()
	return &run{Config: cfg, scribe: newScribe(cfg.Logger)}
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
			err := contain(func() error { return s.Serve(r.Ready) })
			if err == nil && !r.closing.Load() {
				err = errors.New("stopped by itself")
			}
			if err != nil {
				fail(fmt.Errorf("%s: %w", s.label(), err))
			}
			return err
		}))
		r.note(stepListening, s.Name, s.addr(), nil)
	}
}

// start probes every server and then lets callers in. It returns nil, with
// nothing registered, if up ends meanwhile.
func (r *run) start(up context.Context, fail context.CancelCauseFunc) error {
	if err := r.probe(up); err != nil || up.Err() != nil {
		return err
	}
	r.open = true
	if err := r.setReady(true); err != nil || up.Err() != nil {
		return err
	}
	if r.Registrar == nil {
		r.note(stepServing, "", "registered nowhere", nil)
		return nil
	}
	r.member = r.join(fail)
	wait, cancel := context.WithTimeout(up, registryBound)
	defer cancel()
	listed := r.member.listed.wait(wait)
	switch {
	case up.Err() != nil: // it is over before it began
	case listed:
		r.note(stepServing, "", "", nil)
	default:
		r.note(stepServing, "", "not registered yet; trying on", nil)
	}
	return nil
}

// probe asks all servers at once.
func (r *run) probe(up context.Context) error {
	ctx, cancel := context.WithTimeout(up, probeBound)
	defer cancel()
	probes := r.each(stepProbe, r.Servers, func(s Server) (string, error) { return "", s.probe(ctx) })
	for _, p := range probes {
		p.wait(ctx)
	}
	if up.Err() != nil { // not what the probes found, but why they were called off
		for _, p := range probes {
			p.dismissed = true
		}
		r.tasks = append(r.tasks, probes...)
		return nil
	}
	return results(closeBound, probes)
}

// setReady tells everybody who answers callers' health questions. Neither a stop
// nor force cuts it short, since yes must not come after no.
func (r *run) setReady(ready bool) error {
	r.Ready.Set(ready)
	name := stepReady
	if !ready {
		name = stepUnready
	}
	step := r.begin(name, "", "")
	var told []*task
	for _, s := range r.Servers {
		if s.SetReady != nil {
			told = append(told, begin(fmt.Sprintf("%s: set ready %t", s.label(), ready), func() error { s.SetReady(ready); return nil }))
		}
	}
	err := results(readyBound, told)
	r.end(step, "", err)
	return err
}
