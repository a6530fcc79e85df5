package transport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// stop goes through the steps of a stop. ctx is Serve's; up has ended.
func (r *run) stop(ctx, up context.Context) error {
	began := time.Now()
	_ = r.info.Log("msg", "stopping", "because", context.Cause(up))

	force, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { secondSignal(ctx, force, cancel) })
	defer wg.Wait()
	defer cancel(nil)

	err := r.setReady(false)
	if r.member != nil {
		r.leave(force)
	}
	if r.open {
		r.propagate(force)
	}
	cut := r.drain(force)
	err = errors.Join(err, r.close(), results(closeTimeout, r.tasks))
	if cut != nil && !errors.Is(err, ErrForced) {
		err = errors.Join(err, cut) // no server said so itself
	}
	_ = r.info.Log("msg", "stopped", "took", time.Since(began).Round(time.Millisecond))
	return err
}

// secondSignal waits for ctx to end, which is what the first signal did, and
// cancels force if another one comes before force has ended by itself.
func secondSignal(ctx, force context.Context, cancel context.CancelCauseFunc) {
	select {
	case <-ctx.Done():
	case <-force.Done():
		return
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	select {
	case s := <-signals:
		cancel(fmt.Errorf("%w: second signal (%v)", ErrForced, s))
	case <-force.Done():
	}
}

// leave has this process removed from the registry, before anything else that
// takes time. It waits for that, but not for long.
func (r *run) leave(force context.Context) {
	r.tasks = append(r.tasks, r.member.task)
	began := time.Now()
	close(r.member.leave)
	ctx, cancel := context.WithTimeout(force, registryTimeout)
	defer cancel()
	if r.member.wait(ctx) {
		_ = r.info.Log("msg", "deregistered", "took", time.Since(began).Round(time.Millisecond))
	} else {
		_ = r.warn.Log("msg", "not deregistered yet; going on", "after", time.Since(began).Round(time.Millisecond))
	}
}

// propagate keeps serving while callers find out.
func (r *run) propagate(force context.Context) {
	if r.Propagation < 0 {
		return
	}
	_ = r.info.Log("msg", "still accepting, until callers have noticed", "for", r.Propagation)
	timer := time.NewTimer(r.Propagation)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-force.Done():
	}
}

// drain stops accepting and waits for the calls in flight. It returns why not
// all of them could be waited for; each server's own error comes from its task.
func (r *run) drain(force context.Context) error {
	r.closing.Store(true)
	if r.Drain < 0 {
		return context.Cause(force)
	}
	_ = r.info.Log("msg", "draining", "limit", r.Drain)
	ctx, cancel := context.WithTimeoutCause(force, r.Drain, fmt.Errorf("calls still in flight after %s", r.Drain))
	defer cancel()
	var drains []*task
	for _, s := range r.Servers {
		if s.Shutdown != nil {
			drains = append(drains, begin(s.label()+": drain", func() error { return s.drain(ctx) }))
		}
	}
	for _, d := range drains {
		d.wait(ctx)
	}
	r.tasks = append(r.tasks, drains...)
	return forced(ctx)
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
	var closes []*task
	for _, s := range r.Servers {
		if s.Close != nil {
			closes = append(closes, begin(s.label()+": close", s.Close))
		}
	}
	return results(closeTimeout, closes)
}
