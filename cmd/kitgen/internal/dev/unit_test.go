package dev

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// sleeper is a unit of s whose process does nothing until it is told to leave.
func sleeper(t *testing.T, s *session, name string) *unit {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("this machine has no sleep to run")
	}
	return &unit{name: name, log: s.book.source(name), state: down, launch: func(context.Context) (*process, error) {
		p, err := child.Start(child.Config{Args: []string{sleep, "1000"}})
		return &process{Process: p, log: s.book.source(name)}, err
	}}
}

func TestAUnitIsStoppedOnceStopReturns(t *testing.T) {
	s := newSession(config{}, &console.Console{Out: io.Discard}, nil)
	u := sleeper(t, s, "greeter-1")
	for range 50 {
		if err := s.start(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		since := u.since
		if err := s.stop(u); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		if u.state != stopped || !u.since.After(since) {
			t.Errorf("it is %s, since %s", u.state, u.since)
		}
		s.mu.Unlock()
	}
	s.tasks.Wait()
}

func TestAUnitThatHasJustEndedIsNotThereToBeKilled(t *testing.T) {
	s := newSession(config{}, &console.Console{Out: io.Discard}, nil)
	u := sleeper(t, s, "greeter-1")
	p, err := u.launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	u.now, u.state = p, up // until the session hears of it
	err = s.kill(t.Context(), u)
	if _, ok := errors.AsType[project.Refusal](err); !ok || err.Error() != "greeter-1 has just ended by itself; see kitgen dev logs greeter-1" {
		t.Error(err)
	}
}

func TestAUnitThatIsStoppedWhileItIsReplacedStaysDown(t *testing.T) {
	for name, ask := range map[state]func(*session, *unit) error{
		stopped: (*session).stop,
		killed:  func(s *session, u *unit) error { return s.kill(t.Context(), u) },
	} {
		var out bytes.Buffer
		s := newSession(config{}, &console.Console{Out: &out}, []*service{{name: "greeter"}})
		u := sleeper(t, s, "greeter-1")
		s.fleets[0].units = []*unit{u}
		if err := s.start(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		launch, made := u.launch, (*process)(nil)
		u.launch = func(ctx context.Context) (p *process, err error) {
			if err := ask(s, u); err != nil {
				t.Error(err)
			}
			made, err = launch(ctx)
			return made, err
		}
		if err := s.roll(t.Context(), s.fleets[0]); err != nil {
			t.Fatal(err)
		}
		if got := s.row(u).State; got != name || made.Running() || out.Len() > 0 {
			t.Errorf("it is %s, want %s; the new process runs: %v; logged: %s", got, name, made.Running(), &out)
		}
		made.Kill()
		s.tasks.Wait()
	}
}

func TestAUnitThatHasJustCrashedIsAtItsEnd(t *testing.T) {
	s := newSession(config{}, &console.Console{Out: io.Discard}, nil)
	u := sleeper(t, s, "greeter-1")
	if err := s.start(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	u.now.Kill()
	s.tasks.Wait() // the session has heard of it
	if err := s.end(u); err != nil || u.state != crashed {
		t.Errorf("it is %s, %v", u.state, err)
	}
}
