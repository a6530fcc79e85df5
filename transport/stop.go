package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// stop goes through the steps of a stop. ctx is Serve's; up has ended.
func (r *run) stop(ctx, up context.Context) error {
	r.stopped = time.Now()
	r.note(stepStopping, "", brief(context.Cause(up)), nil)
	force, release := r.heed(ctx)
	defer release()

	err := r.setReady(false)
	r.leave(force)
	cut := r.drain(force)
	if cut != nil {
		r.note(stepForced, "", "calls in flight are cut off", cut)
	}
	err = errors.Join(err, r.close(), results(joinBound, r.tasks))
	if cut != nil && !errors.Is(err, ErrForced) {
		err = errors.Join(err, cut) // no server said so itself
	}
	return err
}

// leave has this process removed from the registry, before anything else that
// takes time, and goes on serving while callers find out.
func (r *run) leave(force context.Context) {
	watching, cancel := context.WithCancel(force)
	defer cancel()
	var v *vigil
	if r.open && r.Propagation > 0 {
		v = r.watch(watching)
		r.tasks = append(r.tasks, v.task)
	}
	if r.member != nil {
		r.deregister(force)
	}
	if v != nil {
		r.propagate(force, v)
	}
}

// deregister waits for the registry, but not for long.
func (r *run) deregister(force context.Context) {
	r.tasks = append(r.tasks, r.member.task, r.member.listed)
	step := r.begin(stepDeregister, "", "")
	r.member.leave()
	ctx, cancel := context.WithTimeout(force, registryBound)
	defer cancel()
	switch {
	case r.member.wait(ctx):
		r.end(step, "", r.member.left)
	case force.Err() != nil:
		r.end(step, "not waited for", context.Cause(force))
	default:
		r.end(step, "", fmt.Errorf("not done after %s; going on", registryBound))
	}
}

// drain stops accepting and waits for the calls in flight. It returns why not
// all of them could be waited for; each server's own error comes from its task.
func (r *run) drain(force context.Context) error {
	r.closing.Store(true)
	if r.Drain < 0 {
		return context.Cause(force)
	}
	ctx, cancel := context.WithTimeoutCause(force, r.Drain, fmt.Errorf("calls still in flight after %s", r.Drain))
	defer cancel()
	var drained []Server
	for _, s := range r.Servers {
		if s.Shutdown != nil {
			drained = append(drained, s)
		}
	}
	drains := r.each(stepDrain, drained, func(s Server) (why string, err error) {
		if err = s.drain(ctx); err == nil && ctx.Err() != nil {
			why = "only when it was forced"
		}
		return why, err
	})
	r.tasks = append(r.tasks, drains...)
	var cut error
	for _, d := range drains {
		if d.wait(ctx) && cut == nil && errors.Is(d.err, ErrForced) {
			cut = d.err // a server may cut calls off a moment earlier, so that they end with an answer
		}
	}
	return cmp.Or(forced(ctx), cut)
}

// forced is the error of a stop for which ctx, the drain's, did not last; nil
// if it did.
func forced(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(cause, ErrForced) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrForced, cause)
}

// close ends whatever is left. Calls that are still in flight are cut off.
func (r *run) close() error {
	r.closing.Store(true)
	var closed []Server
	for _, s := range r.Servers {
		if s.Close != nil {
			closed = append(closed, s)
		}
	}
	return results(closeBound, r.each(stepClose, closed, func(s Server) (string, error) { return "", s.Close() }))
}
