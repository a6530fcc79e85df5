package dev

import (
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
