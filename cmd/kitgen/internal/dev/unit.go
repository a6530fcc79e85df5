package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// state is what a unit is doing.
type state string

const (
	down     state = "down" // not started yet
	starting state = "starting"
	up       state = "up"
	frozen   state = "frozen"
	leaving  state = "leaving"
	stopped  state = "stopped" // as it was told
	killed   state = "killed"  // as it was told
	crashed  state = "crashed" // by itself
)

// running says whether there is a process.
func (s state) running() bool { return s == up || s == frozen || s == leaving }

// process is one life of a unit.
type process struct {
	*child.Process
	http, grpc string // where it serves; empty if it does not
	program    string // path of the binary; empty for etcd
	log        *source
}

// unit is what a session runs under one name, be it a replica or etcd. Its
// process changes; its name stays.
type unit struct {
	name   string
	log    *source
	launch func(ctx context.Context) (*process, error) // starts a process and waits until it is ready; if it is not, ends it

	// Guarded by session.mu.
	state state
	now   *process // nil before the first
	since time.Time
	addrs []string // of all its processes: calls may be on their way to one that was
}

// addrs are those of p that there are.
func (p *process) addrs() []string {
	return slices.DeleteFunc([]string{p.http, p.grpc}, func(addr string) bool { return addr == "" })
}

// patience is how long a process may take to leave: more than transport.Serve's
// own bound.
const patience = 30 * time.Second

// set changes the state of u.
func (s *session) set(u *unit, to state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.state, u.since = to, time.Now()
}

// start gives u a process.
func (s *session) start(ctx context.Context, u *unit) error {
	s.mu.Lock()
	was := u.state
	if was.running() || was == starting {
		s.mu.Unlock()
		return project.Refusal(fmt.Sprintf("%s is %s already; for a new process of it, kitgen dev stop %[1]s comes first", u.name, was))
	}
	u.state = starting
	s.mu.Unlock()
	p, err := u.launch(ctx)
	if err != nil {
		s.set(u, was)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adopt(u, p)
	return nil
}

// replace has a new process take the place of u's, which leaves only once the
// new one is ready. If somebody stopped or killed u meanwhile, it stays down.
func (s *session) replace(ctx context.Context, u *unit) error {
	p, err := u.launch(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	leaves := p
	if asked := u.state == leaving || u.state == stopped || u.state == killed; !asked {
		leaves = s.adopt(u, p)
	}
	s.mu.Unlock()
	err = s.retire(u.name, leaves)
	leaves.log.end()
	return err
}

// adopt makes p the process of u, and returns the one before; nil if there was none.
// The caller has s.mu.
func (s *session) adopt(u *unit, p *process) (old *process) {
	old, u.now, u.state, u.since = u.now, p, up, time.Now()
	u.addrs = slices.Concat(u.addrs, p.addrs())
	s.tasks.Go(func() { s.mourn(u, p) })
	return old
}

// mourn waits for the end of p and says so if nobody had asked for it.
func (s *session) mourn(u *unit, p *process) {
	err := p.Err()
	p.log.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.now != p || !u.state.running() || u.state == leaving { // stop sees to those that leave
		return
	}
	u.state, u.since = crashed, time.Now()
	s.book.say("%s ended by itself: %s; start %s starts it again, and so does the next change of a replica's source", u.name, ending(err), u.name)
}

func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// end has u leave, unless it has just ended by itself.
func (s *session) end(u *unit) error {
	err := s.stop(u)
	if _, ended := errors.AsType[project.Refusal](err); ended {
		return nil
	}
	return err
}

// retire has p leave, and returns once it has.
func (s *session) retire(name string, p *process) error {
	ask(p)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-s.forced:
		p.Kill()
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("%s did not leave within %s, and was killed", name, patience)
	}
	return nil
}

// ask tells p to leave, also if it is frozen. Where there is no such signal it is
// killed.
func ask(p *process) {
	if child.CanFreeze {
		_ = p.Signal(child.Thaw) // if it has ended, that is what was wanted
	}
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.Kill()
	}
}

// signal sends sig to u if u is in the state from, and notes what that makes of
// it.
func (s *session) signal(u *unit, sig syscall.Signal, from, to state) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.state != from && !(to == killed && u.state.running()) {
		return project.Refusal(fmt.Sprintf("%s is %s, not %s", u.name, u.state, from))
	}
	switch err := u.now.Signal(sig); {
	case errors.Is(err, os.ErrProcessDone):
		return project.Refusal(fmt.Sprintf("%s has just ended by itself; see kitgen dev logs %[1]s", u.name))
	case err != nil:
		return fmt.Errorf("send %s to %s: %w", sig, u.name, err)
	}
	u.state, u.since = to, time.Now()
	return nil
}

// stop has u leave, and returns once it has.
func (s *session) stop(u *unit) error {
	s.mu.Lock()
	if !u.state.running() {
		s.mu.Unlock()
		return project.Refusal(fmt.Sprintf("%s is %s already", u.name, u.state))
	}
	u.state, u.since = leaving, time.Now()
	p := u.now
	s.mu.Unlock()
	err := s.retire(u.name, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.now == p && u.state == leaving {
		u.state, u.since = stopped, time.Now()
	}
	return err
}
