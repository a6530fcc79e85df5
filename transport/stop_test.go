package transport_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/transport"
)

func TestHungDeregisterDelaysTheStopByTwoSeconds(t *testing.T) {
	for name, tt := range map[string]struct {
		hangs time.Duration
		want  string // of the error
	}{
		"joined":   {4 * time.Second, ""},
		"reported": {time.Hour, "registrar: still running"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRecord()
				reg := &fakeRegistrar{record: r, deregister: func() { time.Sleep(tt.hangs) }}
				err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{newFake(r, "http").Server}, Registrar: reg})
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				if got := r.when(t, "http shutdown"); got != 6*time.Second {
					t.Errorf("shut down at %s, want 1s + 2s for the registrar and 3s for propagation", got)
				}
				time.Sleep(2 * time.Hour) // let the straggler end before the bubble
			})
		})
	}
}

func TestHungRegisterDoesNotBlockServing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		reg := &fakeRegistrar{record: r, register: func() {
			time.Sleep(time.Minute)
			r.add("registered")
		}}
		if err := transport.Serve(after(t, 59*time.Second), transport.Config{Servers: []transport.Server{newFake(r, "http").Server}, Registrar: reg}); err != nil {
			t.Error(err)
		}
		if got := r.when(t, "http ready=false"); got != 59*time.Second {
			t.Errorf("the stop began at %s, want with ctx", got)
		}
		if in, out := r.when(t, "registered"), r.when(t, "deregister"); out < in {
			t.Errorf("deregistered at %s while Register ran until %s", out, in)
		}
	})
}

func TestPanicsDoNotSkipSteps(t *testing.T) {
	boom := func() { panic("boom") }
	for name, breaks := range map[string]func(f *fakeServer, reg *fakeRegistrar){
		"set ready":  func(f *fakeServer, _ *fakeRegistrar) { f.SetReady = func(bool) { boom() } },
		"probe":      func(f *fakeServer, _ *fakeRegistrar) { f.Probe = func(context.Context) error { boom(); return nil } },
		"drain":      func(f *fakeServer, _ *fakeRegistrar) { f.Shutdown = func(context.Context) error { boom(); return nil } },
		"close":      func(f *fakeServer, _ *fakeRegistrar) { f.Close = func() error { f.stop(); boom(); return nil } },
		"register":   func(_ *fakeServer, reg *fakeRegistrar) { reg.register = boom },
		"deregister": func(_ *fakeServer, reg *fakeRegistrar) { reg.deregister = boom },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRecord()
				bad, reg := newFake(r, "bad"), &fakeRegistrar{record: r}
				breaks(bad, reg)
				err := transport.Serve(after(t, time.Minute), transport.Config{
					Servers:   []transport.Server{bad.Server, newFake(r, "good").Server},
					Registrar: reg,
				})
				if err == nil || !strings.Contains(err.Error(), "panic: boom") || strings.Contains(err.Error(), "still running") {
					t.Errorf("got %v, want the panic", err)
				}
				if !r.has("good shutdown") || !r.has("good close") {
					t.Errorf("the panic skipped steps of others: %q", r.all())
				}
				if r.has("register") && !r.has("deregister") {
					t.Errorf("the panic skipped leaving: %q", r.all())
				}
			})
		})
	}
}

func TestDrainThatTakesTooLongIsForced(t *testing.T) {
	for name, heeds := range map[string]bool{"shutdown heeds ctx": true, "shutdown ends with close": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRecord()
				busy := newFake(r, "http")
				closed := make(chan struct{})
				busy.Shutdown = func(ctx context.Context) error {
					if heeds {
						<-ctx.Done()
						return ctx.Err()
					}
					<-closed
					return nil
				}
				busy.Close = func() error { r.add("closed"); close(closed); busy.stop(); return nil }
				timeline := new(transport.Timeline)
				err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{busy.Server}, Drain: 10 * time.Second, Timeline: timeline})
				if !errors.Is(err, transport.ErrForced) || !strings.Contains(err.Error(), "calls still in flight after 10s") || strings.Count(err.Error(), "forced")+strings.Count(err.Error(), "by force") != 1 {
					t.Errorf("got %v, want ErrForced with the reason, once", err)
				}
				if got, want := outcome(t, timeline, "drain"), map[bool]string{true: "stopped by force: calls still in flight after 10s", false: "only when it was forced"}[heeds]; got.Why+got.Err != want {
					t.Errorf("the drain: %q, want %q", got.Why+got.Err, want)
				}
				if got := r.when(t, "closed"); got != 14*time.Second {
					t.Errorf("forced at %s, want 1s + 3s of propagation and 10s of drain", got)
				}
			})
		})
	}
}

func TestNegativeTimesSkipTheirSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		cfg := transport.Config{
			Servers:     []transport.Server{newFake(r, "http").Server},
			Registrar:   &fakeRegistrar{record: r},
			Propagation: -1,
			Drain:       -1,
		}
		if err := transport.Serve(after(t, time.Second), cfg); err != nil {
			t.Error(err)
		}
		if r.has("http shutdown") || r.when(t, "http close") != time.Second || !r.has("deregister") {
			t.Errorf("steps: %q at %v", r.all(), r.at)
		}
	})
}

func TestStepThatNeverReturnsIsReported(t *testing.T) {
	for _, step := range []string{"serve", "drain", "close"} {
		t.Run(step, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				r := newRecord()
				f := newFake(r, "http")
				switch step {
				case "serve":
					f.Serve = func(*transport.Ready) error { <-release; return nil }
				case "drain":
					f.Shutdown = func(context.Context) error { <-release; return nil }
				case "close":
					f.Close = func() error { <-release; return nil }
				}
				err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{f.Server}})
				if err == nil || !strings.Contains(err.Error(), "http server on http:1") || !strings.Contains(err.Error(), "still running; it is left behind") {
					t.Errorf("got %v, want it to name what is left behind", err)
				}
				if took := time.Since(r.began); took > 25*time.Second {
					t.Errorf("returned after %s", took)
				}
				close(release)
			})
		})
	}
}

func TestServerWithoutHooksIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(newRecord(), "http")
		plain := transport.Server{Name: "plain", Serve: f.Serve, Close: f.Close}
		if err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{plain}}); err != nil {
			t.Error(err)
		}
		if !f.has("http close") {
			t.Errorf("steps: %q", f.all())
		}
	})
}

// TestSecondSignalForces sends real signals to this process, so it runs in
// real time; it only waits for what it has caused.
func TestSecondSignalForces(t *testing.T) {
	ours := make(chan os.Signal, 1) // keeps a signal that comes too early from ending the test
	signal.Notify(ours, syscall.SIGTERM)
	defer signal.Stop(ours)

	r := newRecord()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error)
	reg := &fakeRegistrar{record: r, register: cancel} // the "first signal"
	go func() {
		result <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{newFake(r, "http").Server},
			Registrar:   reg,
			Propagation: time.Hour,
		})
	}()
	<-ctx.Done()
	resend := time.NewTicker(10 * time.Millisecond) // Serve listens from some moment after ctx has ended
	defer resend.Stop()
	for {
		select {
		case err := <-result:
			if !errors.Is(err, transport.ErrForced) || !strings.Contains(err.Error(), "second signal (terminated)") {
				t.Errorf("got %v, want ErrForced with the reason", err)
			}
			if !r.has("deregister") || !r.has("http close") {
				t.Errorf("steps: %q", r.all())
			}
			return
		case <-resend.C:
			if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestGoroutineThatIsEndedIsAFailure has steps that never return, since somebody
// below called runtime.Goexit (as t.FailNow does).
func TestGoroutineThatIsEndedIsAFailure(t *testing.T) {
	for name, breaks := range map[string]func(f *fakeServer, reg *fakeRegistrar){
		"serve": func(f *fakeServer, _ *fakeRegistrar) {
			f.Serve = func(*transport.Ready) error { runtime.Goexit(); return nil }
		},
		"probe": func(f *fakeServer, _ *fakeRegistrar) {
			f.Probe = func(context.Context) error { runtime.Goexit(); return nil }
		},
		"drain": func(f *fakeServer, _ *fakeRegistrar) {
			f.Shutdown = func(context.Context) error { runtime.Goexit(); return nil }
		},
		"close": func(f *fakeServer, _ *fakeRegistrar) {
			f.Close = func() error { f.stop(); runtime.Goexit(); return nil }
		},
		"register":   func(_ *fakeServer, reg *fakeRegistrar) { reg.register = runtime.Goexit },
		"deregister": func(_ *fakeServer, reg *fakeRegistrar) { reg.deregister = runtime.Goexit },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, timeline := newRecord(), new(transport.Timeline)
				f, reg := newFake(r, "http"), &fakeRegistrar{record: r}
				breaks(f, reg)
				err := transport.Serve(after(t, time.Minute), transport.Config{Servers: []transport.Server{f.Server}, Registrar: reg, Timeline: timeline})
				if err == nil || !strings.Contains(err.Error(), "runtime.Goexit") || strings.Contains(err.Error(), "still running") {
					t.Errorf("got %v, want what became of it", err)
				}
				for _, s := range timeline.Steps() {
					if s.Running {
						t.Errorf("still running: %+v", s)
					}
				}
				if took := time.Since(r.began); (name == "serve" || name == "register") && took >= time.Minute {
					t.Errorf("nobody noticed until %s", took)
				}
			})
		})
	}
}

// TestServerThatCutsCallsOffIsForced: its drain ended in time, but not by itself.
func TestServerThatCutsCallsOffIsForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, timeline := newFake(newRecord(), "http"), new(transport.Timeline)
		f.Shutdown = func(context.Context) error {
			f.stop()
			return fmt.Errorf("%w: 2 calls", transport.ErrForced)
		}
		err := transport.Serve(after(t, time.Minute), transport.Config{Servers: []transport.Server{f.Server}, Timeline: timeline})
		if transport.ExitCode(err) != 75 || strings.Count(err.Error(), "2 calls") != 1 {
			t.Errorf("got %v, want that it was forced, once", err)
		}
		if got := outcome(t, timeline, "forced"); !strings.Contains(got.Err, "stopped by force: 2 calls") {
			t.Errorf("forced: %+v", got)
		}
	})
}
