package transport

import (
	"context"
	"errors"
	"fmt"
)

// What a registrar may also be able to do, by shape; sd.Registrar and sd.Group
// can. The first two block until what they tell of has happened, or ctx ends.
type (
	// lister knows when the registry has confirmed the registration, which is
	// later than when Register returns. An error before ctx ends is that it never
	// will, and fails Serve.
	lister interface {
		Listed(ctx context.Context) error
	}
	// leaver knows when a watch like the callers' own does not offer the instance
	// any more. It is asked before Deregister; an error is that it cannot know.
	leaver interface {
		Gone(ctx context.Context) error
	}
	// outcome knows, after Deregister, why the registry may still have the
	// instance.
	outcome interface {
		Left() error
	}
)

// membership is this process's place in the registry. One task does both
// halves, so a registrar never sees Deregister while its Register still runs;
// and neither holds up a server, though go-kit's own registrars talk to the
// network in both.
type membership struct {
	*task
	left   error              // why the registry may still have us; valid once the task is over
	listed *task              // ends once the registry is known to have us, or leaving begins
	leave  context.CancelFunc // to have Deregister called
}

// join registers; fail is told of a registrar that panics, or never will be
// listed.
func (r *run) join(fail context.CancelCauseFunc) *membership {
	stay, leave := context.WithCancel(context.Background())
	registered := make(chan struct{}) // closed when Register has returned
	var failure error                 // valid then
	m := &membership{leave: leave}
	m.task = begin("registrar", func() error {
		failure = contain(func() error { r.Registrar.Register(); return nil })
		if failure != nil {
			fail(fmt.Errorf("registrar: %w", failure))
		}
		close(registered)
		<-stay.Done()
		err := contain(func() error { r.Registrar.Deregister(); return nil }) // also after a panic: it may have got half way
		if m.left = err; err == nil {
			m.left = r.left()
		}
		return errors.Join(failure, err)
	})
	step := r.begin(stepRegister, "", "")
	m.listed = begin("registrar", func() error {
		<-registered
		why, err := r.listed(stay, failure)
		r.end(step, why, err)
		if failure == nil && err != nil { // fail knows of the former
			fail(fmt.Errorf("registrar: %w", err))
			return err
		}
		return nil
	})
	return m
}

// listed waits until the registry has us, or stay ends. failure is Register's.
func (r *run) listed(stay context.Context, failure error) (why string, err error) {
	l, ok := r.Registrar.(lister)
	if failure != nil || !ok {
		return "", failure
	}
	err = contain(func() error { return l.Listed(stay) })
	if err != nil && stay.Err() != nil {
		return "not confirmed before it was left", nil //nolint:nilerr // which is no error
	}
	return "", err
}

// left is why the registry may still have us, after Deregister; nil if nobody
// knows.
func (r *run) left() error {
	o, ok := r.Registrar.(outcome)
	if !ok {
		return nil
	}
	return contain(o.Left)
}
