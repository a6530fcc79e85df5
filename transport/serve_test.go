package transport_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
)

func TestStepsComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, ready := newRecord(), new(transport.Ready)
		f := newFake(r, "http")
		serve := f.Serve
		f.Serve = func(got *transport.Ready) error {
			if got != ready {
				t.Error("the server was not given Config.Ready")
			}
			return serve(got)
		}
		err := transport.Serve(after(t, time.Minute), transport.Config{
			Servers:   []transport.Server{f.Server},
			Registrar: &fakeRegistrar{record: r},
			Ready:     ready,
		})
		if err != nil {
			t.Errorf("a clean stop returned %v", err)
		}
		want := []string{
			"http serve", "http probe", "http ready=true", "register",
			"http ready=false", "deregister", "http shutdown", "http close",
		}
		if diff := cmp.Diff(want, r.all()); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		for event, want := range map[string]time.Duration{
			"register":         0,
			"http ready=false": time.Minute,
			"deregister":       time.Minute, // at once: callers learn of it from the registry
			"http shutdown":    time.Minute + 3*time.Second,
			"http close":       time.Minute + 3*time.Second,
		} {
			if got := r.when(t, event); got != want {
				t.Errorf("%s at %s, want %s", event, got, want)
			}
		}
	})
}

func TestReadyFollowsTheSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, ready := newRecord(), new(transport.Ready)
		f := newFake(r, "http")
		f.Probe = func(context.Context) error {
			if ready.Check(t.Context()) == nil {
				t.Error("ready before the probe has answered")
			}
			return nil
		}
		reg := &fakeRegistrar{record: r}
		reg.register = func() {
			if err := ready.Check(t.Context()); err != nil {
				t.Errorf("registered while %v", err)
			}
		}
		reg.deregister = func() {
			if ready.Check(t.Context()) == nil {
				t.Error("still ready while leaving")
			}
		}
		if err := transport.Serve(after(t, time.Minute), transport.Config{Servers: []transport.Server{f.Server}, Registrar: reg, Ready: ready}); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryServerIsProbedBeforeAnyIsRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		slow := newFake(r, "slow")
		slow.Probe = func(ctx context.Context) error {
			time.Sleep(4 * time.Second)
			return nil
		}
		cfg := transport.Config{
			Servers:   []transport.Server{newFake(r, "fast").Server, slow.Server},
			Registrar: &fakeRegistrar{record: r},
		}
		if err := transport.Serve(after(t, time.Minute), cfg); err != nil {
			t.Error(err)
		}
		if got := r.when(t, "register"); got != 4*time.Second {
			t.Errorf("registered at %s, want once both had answered, at 4s", got)
		}
	})
}

func TestFailedProbeRegistersNothing(t *testing.T) {
	for name, probe := range map[string]func(context.Context) error{
		"error":   func(context.Context) error { return errors.New("nobody there") },
		"timeout": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRecord()
				bad := newFake(r, "grpc")
				bad.Probe = probe
				err := transport.Serve(t.Context(), transport.Config{
					Servers:   []transport.Server{newFake(r, "http").Server, bad.Server},
					Registrar: &fakeRegistrar{record: r},
				})
				if err == nil || !strings.HasPrefix(err.Error(), "grpc server on grpc:1: self-probe: ") {
					t.Errorf("got %v, want an error that names the server and the step", err)
				}
				if r.has("register") || r.has("http ready=true") {
					t.Errorf("let callers in: %q", r.all())
				}
				if took := time.Since(r.began); took > 5*time.Second {
					t.Errorf("gave up after %s; nobody was let in, so there is nothing to wait for", took)
				}
				if !r.has("http close") || !r.has("grpc close") {
					t.Errorf("left a server open: %q", r.all())
				}
			})
		})
	}
}

func TestFailedServerStopsTheOthersInOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		serve func() error
		want  string
	}{
		"error":   {func() error { return errors.New("accept: too many open files") }, "grpc server on grpc:1: accept: too many open files"},
		"nil":     {func() error { return nil }, "grpc server on grpc:1: stopped by itself"},
		"panic":   {func() error { panic("boom") }, "grpc server on grpc:1: panic: boom"},
		"at once": {nil, "grpc server on grpc:1: no"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRecord()
				bad := newFake(r, "grpc")
				bad.Probe = func(context.Context) error { return nil }
				bad.Serve = func(*transport.Ready) error {
					if tt.serve == nil {
						return errors.New("no")
					}
					time.Sleep(time.Second)
					return tt.serve()
				}
				err := transport.Serve(t.Context(), transport.Config{
					Servers:   []transport.Server{newFake(r, "http").Server, bad.Server},
					Registrar: &fakeRegistrar{record: r},
				})
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Count(err.Error(), "server on") != 1 {
					t.Errorf("got %v, want %q and nothing else", err, tt.want)
				}
				if tt.serve == nil {
					return // it depends on the scheduler whether it got as far as to register
				}
				if gap := r.when(t, "http shutdown") - r.when(t, "deregister"); gap != 3*time.Second {
					t.Errorf("%s between leaving and shutting down, want 3s", gap)
				}
			})
		})
	}
}

func TestEndedContextStartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := newRecord()
		err := transport.Serve(ctx, transport.Config{Servers: []transport.Server{newFake(r, "http").Server}, Registrar: &fakeRegistrar{record: r}})
		if diff := cmp.Diff([]string{"http close"}, r.all()); err != nil || diff != "" {
			t.Errorf("%v; steps (-want +got):\n%s", err, diff)
		}
	})
}

func TestContextThatEndsWhileProbingRegistersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		f := newFake(r, "http")
		f.Probe = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{f.Server}, Registrar: &fakeRegistrar{record: r}})
		if err != nil || r.has("register") || r.has("deregister") {
			t.Errorf("%v; %q", err, r.all())
		}
		if got := r.when(t, "http close"); got != time.Second {
			t.Errorf("closed at %s; nobody was let in, so there is nothing to wait for", got)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	if err := transport.Serve(t.Context(), transport.Config{}); err == nil || !strings.Contains(err.Error(), "Config.Servers") {
		t.Errorf("no servers: %v", err)
	}
	r := newRecord()
	bad := newFake(r, "grpc")
	bad.Name = ""
	err := transport.Serve(t.Context(), transport.Config{Servers: []transport.Server{newFake(r, "http").Server, bad.Server}})
	if err == nil || !strings.Contains(err.Error(), "Config.Servers[1]") {
		t.Errorf("nameless server: %v", err)
	}
	if r.has("http serve") || !r.has("http close") {
		t.Errorf("steps: %q", r.all())
	}
}

func TestEachStepIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		var out bytes.Buffer
		err := transport.Serve(after(t, time.Minute), transport.Config{
			Servers:   []transport.Server{newFake(r, "http").Server},
			Registrar: &fakeRegistrar{record: r},
			Logger:    log.NewLogfmtLogger(log.NewSyncWriter(&out)),
		})
		if err != nil {
			t.Error(err)
		}
		want := `level=info msg=listening server=http addr=http:1
level=info msg=self-probe server=http
level=info msg=ready
level=info msg=registration
level=info msg=serving
level=info msg=stopping why="context canceled"
level=info msg=unready
level=info msg=deregistration
level=info msg=propagation why="at most 3s"
level=info msg=propagation why="full time: the registrar cannot tell what callers see" took=3s
level=info msg=drain server=http
level=info msg=close server=http
level=info msg=stopped why="exit code 0, after 3s of at most 25s"
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}
