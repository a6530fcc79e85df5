package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/sd"
)

// fleet is a service and its replicas.
type fleet struct {
	*service

	instances *sd.Instancer // what the registry lists
	door      *door         // nil without HTTP

	mu   sync.Mutex // guards sum, path and made
	sum  string     // of the program; empty if replicas may run different ones
	path string     // of the program that new processes run
	made sources    // what the program is made of, besides what is below root

	units []*unit // guarded by session.mu
	count int     // of replicas that ever were; guarded by session.turn
}

func (f *fleet) program() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.path
}

// list is f's replicas as they are now.
func (s *session) list(f *fleet) []*unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*unit(nil), f.units...)
}

// take waits until nobody else changes fleets. The caller gives the turn back.
func (s *session) take(ctx context.Context) (giveBack func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// roll replaces f's replicas one by one, so that there is always somebody to
// answer. Those that somebody stopped or killed stay down.
func (s *session) roll(ctx context.Context, f *fleet) error {
	old := map[string]bool{}
	for _, u := range s.list(f) {
		s.mu.Lock()
		state, now := u.state, u.now
		s.mu.Unlock()
		var err error
		switch state {
		case up, frozen:
			err = s.replace(ctx, u)
		case crashed:
			err = s.start(ctx, u)
		default:
			continue
		}
		if err != nil {
			f.mu.Lock()
			f.sum = "" // the next build is rolled out whatever comes of it
			f.mu.Unlock()
			return err
		}
		s.mu.Lock()
		kept := u.now == now
		s.mu.Unlock()
		if kept {
			continue // somebody stopped or killed it meanwhile
		}
		if now != nil && now.program != f.program() {
			old[now.program] = true
		}
		s.book.say("%s replaced: %s", u.name, s.where(u))
	}
	for path := range old {
		_ = os.Remove(path) // what is left goes with the session
	}
	return nil
}

// scale starts or stops replicas of f until n run. Those that are down come
// first.
func (s *session) scale(ctx context.Context, f *fleet, n int) error {
	running, idle := s.sides(f)
	if len(running) >= n {
		return s.each(running[n:], s.dismiss)
	}
	missing := n - len(running)
	for len(idle) < missing {
		u := s.newReplica(f)
		idle = append(idle, u)
		s.mu.Lock()
		f.units = append(f.units, u)
		s.mu.Unlock()
	}
	return s.each(idle[:missing], func(u *unit) error {
		if err := s.start(ctx, u); err != nil {
			return err
		}
		s.book.say("%s registered: %s", u.name, s.where(u))
		return nil
	})
}

// sides are f's replicas that run, and those that do not.
func (s *session) sides(f *fleet) (running, idle []*unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range f.units {
		if u.state.running() {
			running = append(running, u)
		} else {
			idle = append(idle, u)
		}
	}
	return running, idle
}

// dismiss has a replica leave.
func (s *session) dismiss(u *unit) error {
	err := s.end(u)
	s.book.say("%s left", u.name)
	return err
}

// each does something with several units at once.
func (s *session) each(units []*unit, do func(*unit) error) error {
	errs := make([]error, len(units))
	var wg sync.WaitGroup
	for i, u := range units {
		wg.Go(func() { errs[i] = do(u) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// where is the addresses of u, for people.
func (s *session) where(u *unit) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.now == nil {
		return "nowhere"
	}
	text := fmt.Sprintf("pid %d", u.now.PID())
	if u.now.http != "" {
		text += "  http " + u.now.http
	}
	if u.now.grpc != "" {
		text += "  grpc " + u.now.grpc
	}
	return text
}

// unit finds what a user calls by its name.
func (s *session) unit(name string) (*unit, error) {
	all := s.units()
	names := make([]string, len(all))
	for i, u := range all {
		if u.name == name {
			return u, nil
		}
		names[i] = u.name
	}
	return nil, project.Refusal(unknown("replica", name, names))
}

// fleet finds a service; without a name, the only one there is.
func (s *session) fleet(name string) (*fleet, error) {
	names := make([]string, len(s.fleets))
	for i, f := range s.fleets {
		if f.name == name || name == "" && len(s.fleets) == 1 {
			return f, nil
		}
		names[i] = f.name
	}
	return nil, project.Refusal(unknown("service", name, names))
}
