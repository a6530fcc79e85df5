package sd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Listed blocks until the registry has first confirmed the registration, and
// then returns nil; or until ctx ends, which is its error. An instance that no
// registry could take is an error at once (ErrInvalid).
func (r *Registrar) Listed(ctx context.Context) error {
	if err := r.refusal(); err != nil {
		return err
	}
	select {
	case <-r.registered:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refusal is why no registry could take the instance; nil if it could.
func (r *Registrar) refusal() error {
	if err := r.in.Validate(); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	return nil
}

// Left returns what the Run returned that the last Deregister ended: nil if the
// registry let the instance go or never had it, or else why it may still list it.
func (r *Registrar) Left() error {
	r.life.Lock()
	defer r.life.Unlock()
	if r.ended != nil {
		return nil // not left
	}
	return r.left
}

// Gone blocks until a watch like the callers' own does not offer the instance
// any more, because it is Draining or not there, and then returns nil. That is
// about when callers know, and so how long a process that leaves has to go on
// serving. Call it before Deregister, in another goroutine: Deregister then
// waits a moment for the watch to be open, so that what it sees of the removal
// is no earlier than what others see.
//
// It cannot tell without RegistrarConfig.Watcher (errors.ErrUnsupported), if
// that breaks, or does not show the instance while it is registered, or once ctx
// has ended.
func (r *Registrar) Gone(ctx context.Context) error {
	if r.cfg.Watcher == nil {
		return fmt.Errorf("%w: a registrar without a Watcher does not see its own removal", errors.ErrUnsupported)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &look{opened: make(chan struct{})}
	r.look.Store(l)
	defer l.open() // also if there was nothing to see
	var gone, hidden atomic.Bool
	err := <-contain(func() error {
		first := true
		return r.cfg.Watcher.Watch(ctx, func(set []Instance) {
			listed, offered := r.within(set)
			// What is being removed may be gone before the first look, and before the
			// state is told.
			if state, _ := r.State(); first && !listed && state == Registered && !r.leaving.Load() {
				hidden.Store(true)
				cancel()
			}
			first = false
			l.open() // after that the state may change
			if !offered {
				gone.Store(true)
				cancel()
			}
		})
	})
	switch {
	case hidden.Load():
		return fmt.Errorf("watch for the removal: %w", errHidden)
	case gone.Load():
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
		err = errNoReason
	}
	return fmt.Errorf("watch for the removal: %w", err)
}

// errHidden is of a target with a limit, a tag or the like.
var errHidden = errors.New("it does not show the instance while that is registered: watch a target that has all instances of the service")

// within reports whether set has the instance, and whether callers who know set
// would call it.
func (r *Registrar) within(set []Instance) (listed, offered bool) {
	for _, in := range set {
		if in.ID == r.in.ID {
			listed, offered = true, offered || in.State != Draining
		}
	}
	return listed, offered
}

// look is a watch for the removal; a nil one is not waited for.
type look struct {
	once   sync.Once
	opened chan struct{} // closed once it has seen a set, or given up
}

func (l *look) open() { l.once.Do(func() { close(l.opened) }) }

func (l *look) await(d time.Duration) {
	if l == nil {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.opened:
	case <-timer.C:
	}
}
