package sd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	kitsd "github.com/go-kit/kit/sd"
)

var _ kitsd.Registrar = (*Group)(nil)

// Group is several registrations that come and go together: the services of
// one process, one service in two registries while it moves from the one to the
// other, or both. Each goes its own way meanwhile: a registry that is down
// delays only its own registration. All methods may be called from anywhere, in
// any order, like those of a Registrar.
type Group struct{ members []*Registrar }

// NewGroup joins registrars that nobody else starts or stops.
func NewGroup(members ...*Registrar) *Group { return &Group{members} }

// Register starts all, in the background.
func (g *Group) Register() {
	for _, r := range g.members {
		r.Register()
	}
}

// Deregister ends all at the same time, and returns once the last has left or
// its LeaveTimeout has passed.
func (g *Group) Deregister() {
	var left sync.WaitGroup
	for _, r := range g.members {
		left.Go(r.Deregister)
	}
	left.Wait()
}

// Listed blocks until all have been confirmed once, or ctx ends, which is its
// error. If there is an instance that no registry could take, that is its error at
// once (ErrInvalid).
func (g *Group) Listed(ctx context.Context) error {
	for _, r := range g.members {
		if err := r.refusal(); err != nil {
			return err
		}
	}
	for _, r := range g.members {
		if err := r.Listed(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Left returns why registries may still list members after Deregister.
func (g *Group) Left() error {
	var errs []error
	for _, r := range g.members {
		errs = append(errs, r.Left())
	}
	return errors.Join(errs...)
}

// Gone blocks until no member's registry offers it any more. If one cannot
// tell, or there is none, its error says so, once the others have ended.
func (g *Group) Gone(ctx context.Context) error {
	if len(g.members) == 0 {
		return fmt.Errorf("%w: nothing is registered", errors.ErrUnsupported)
	}
	errs := make([]error, len(g.members))
	var looking sync.WaitGroup
	for i, r := range g.members {
		looking.Go(func() { errs[i] = r.Gone(ctx) })
	}
	looking.Wait()
	return errors.Join(errs...)
}

// Run runs all until ctx ends, and returns the errors of those that could not
// leave. One that cannot be registered at all (ErrInvalid) ends the others too.
func (g *Group) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(g.members))
	var running sync.WaitGroup
	for i, r := range g.members {
		running.Go(func() {
			if errs[i] = r.Run(ctx); ctx.Err() == nil {
				cancel()
			}
		})
	}
	running.Wait()
	<-ctx.Done() // an empty group waits too
	return errors.Join(errs...)
}

// State returns the worst state of the members, and the errors of all that are
// not Registered: Lost, then Unregistered, then Registered.
func (g *Group) State() (RegistrarState, error) {
	worst := Registered
	var errs []error
	for _, r := range g.members {
		state, err := r.State()
		errs = append(errs, err)
		if state == Lost || state == Unregistered && worst == Registered {
			worst = state
		}
	}
	return worst, errors.Join(errs...)
}
