package transport

import (
	"context"
	"errors"
	"fmt"

	"github.com/kitgen/kitgen/transport/internal/guard"
)

// What a registrar may also be able to do, by shape; sd.Registrar and sd.Group
// can. Both block until what they tell of has happened, or ctx ends.
type (
	// lister knows when the registry has confirmed the registration, which is
	// later than when Register returns.
	lister interface {
		Listed(ctx context.Context) error
	}
	// leaver knows when a watch like the callers' own does not offer the instance
	// any more. It is asked before Deregister; an error is that it cannot know.
	leaver interface {
		Gone(ctx context.Context) error
	}
)

// membership is this process's place in the registry. One task does both
// halves, so a registrar never sees Deregister while its Register still runs;
// and neither holds up a server, though go-kit's own registrars talk to the
// network in both.
type membership struct {
	*task
	listed *task              // ends once the registry is known to have us, or leaving begins
	leave  context.CancelFunc // to have Deregister called
}

// join registers; fail is told of a registrar that panics.
func (r *run) join(fail context.CancelCauseFunc) *membership {
	stay, leave := context.WithCancel(context.Background())
	registered := make(chan struct{}) // closed when Register has returned
	var failure error                 // valid then
	m := &membership{leave: leave}
	m.task = begin("registrar", func() error {
		failure = guard.Call(func() error { r.Registrar.Register(); return nil })
		if failure != nil {
			fail(fmt.Errorf("registrar: %w", failure))
		}
		close(registered)
		<-stay.Done()
		left := guard.Call(func() error { r.Registrar.Deregister(); return nil }) // also after a panic: it may have got half way
		return errors.Join(failure, left)
	})
	step := r.begin(stepRegister, "", "")
	m.listed = begin("registrar: listed", func() error {
		<-registered
		err := failure
		if l, ok := r.Registrar.(lister); ok && err == nil {
			err = guard.Call(func() error { return l.Listed(stay) })
		}
		why := ""
		if err != nil && stay.Err() != nil {
			why, err = "not confirmed before it was left", nil
		}
		r.end(step, why, err)
		return nil
	})
	return m
}
