package dev

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/typo"
)

// say is told what a verb did, and the units as they are then.
type say func(line string, units ...row)

// verb is something to do with the fleet, from the prompt or another terminal.
type verb struct {
	name, args, short string
	min, max          int // arguments; no bound if max is negative
	do                func(ctx context.Context, s *session, args []string, say say) error
}

// verbs are all there are, in the order in which help has them.
func verbs() []verb {
	return []verb{
		{"kill", "NAME...", "Kill a replica, as a crash would (SIGKILL)", 1, -1, eachNamed("killed", (*session).kill)},
		{"stop", "NAME...", "Have a replica leave in order (SIGTERM)", 1, -1, eachNamed("left", (*session).leave)},
		{"freeze", "NAME...", "Freeze a replica: it keeps its connections and answers nothing (SIGSTOP)", 1, -1, eachNamed("frozen", (*session).freeze)},
		{"thaw", "NAME...", "Have a frozen replica go on (SIGCONT)", 1, -1, eachNamed("goes on", (*session).thaw)},
		{"start", "NAME...", "Start a replica that is down", 1, -1, eachNamed("started", (*session).revive)},
		{"scale", "[SERVICE] N", "Start or stop replicas until there are N", 1, 2, scaleVerb},
		{"restart", "[SERVICE]", "Build, and replace all replicas one by one", 0, 1, restartVerb},
		{"down", "", "End the session and all it runs", 0, 0, func(_ context.Context, s *session, _ []string, _ say) error {
			s.quit()
			return nil
		}},
	}
}

// do carries out a verb. What it did is logged, and said as well.
func (s *session) do(ctx context.Context, name string, args []string, say say) error {
	var names []string
	for _, v := range verbs() {
		if v.name != name {
			names = append(names, v.name)
			continue
		}
		if len(args) < v.min || v.max >= 0 && len(args) > v.max {
			return project.Refusal("write it as: " + strings.TrimSpace(v.name+" "+v.args))
		}
		return v.do(ctx, s, args, say)
	}
	return project.Refusal(unknown("command", name, append(names, "ps", "call", "help")))
}

// eachNamed does one thing to each unit that is named.
func eachNamed(done string, do func(*session, context.Context, *unit) error) func(context.Context, *session, []string, say) error {
	return func(ctx context.Context, s *session, args []string, say say) error {
		var units []*unit
		for _, name := range args {
			u, err := s.unit(name)
			if err != nil {
				return err
			}
			units = append(units, u)
		}
		for _, u := range units {
			if err := do(s, ctx, u); err != nil {
				return err
			}
			line := u.name + " " + done
			s.book.say("%s", line)
			say(line, s.row(u))
		}
		return nil
	}
}

func (s *session) kill(_ context.Context, u *unit) error {
	return s.signal(u, syscall.SIGKILL, up, killed)
}

func (s *session) leave(_ context.Context, u *unit) error { return s.stop(u) }

func (s *session) freeze(_ context.Context, u *unit) error {
	if !child.CanFreeze {
		return project.Refusal("this system cannot freeze a process; Linux and macOS can")
	}
	return s.signal(u, child.Freeze, up, frozen)
}

func (s *session) thaw(_ context.Context, u *unit) error {
	return s.signal(u, child.Thaw, frozen, up)
}

func (s *session) revive(ctx context.Context, u *unit) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	return s.start(ctx, u)
}

// most is as many replicas as one machine is asked to run.
const most = 50

func scaleVerb(ctx context.Context, s *session, args []string, say say) error {
	service := ""
	if len(args) == 2 {
		service = args[0]
	}
	f, err := s.fleet(service)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[len(args)-1])
	if err != nil || n < 0 || n > most {
		return project.Refusal(fmt.Sprintf("scale %s: write a number from 0 to %d", args[len(args)-1], most))
	}
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if err := s.scale(ctx, f, n); err != nil {
		return err
	}
	say(fmt.Sprintf("%s has %d replicas", f.name, n), s.rowsOf(s.list(f))...)
	return nil
}

func restartVerb(ctx context.Context, s *session, args []string, say say) error {
	f, err := s.fleet(strings.Join(args, ""))
	if err != nil {
		return err
	}
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if err := s.generate(ctx, f); err != nil {
		return err
	}
	if _, err := s.build(ctx, f); err != nil {
		return err
	}
	if err := s.roll(ctx, f); err != nil {
		return err
	}
	say(f.name+" restarted", s.rowsOf(s.list(f))...)
	return nil
}

// unknown is what to say of a name that is none of those there are.
func unknown(kind, name string, names []string) string {
	if near := typo.Nearest(name, names); near != "" {
		return fmt.Sprintf("no %s is called %s; did you mean %s?", kind, name, near)
	}
	slices.Sort(names)
	there := "there are " + strings.Join(names, ", ")
	if name == "" {
		return fmt.Sprintf("name a %s; %s", kind, there)
	}
	return fmt.Sprintf("no %s is called %s; %s", kind, name, there)
}
