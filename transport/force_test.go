package transport_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/transport"
)

func TestExitCode(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"clean":  {nil, 0},
		"failed": {errors.New("address already in use"), 1},
		"forced": {errors.Join(errors.New("x"), fmt.Errorf("http: %w", transport.ErrForced)), 75},
	} {
		if got := transport.ExitCode(tt.err); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestBudget(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  transport.Config
		want time.Duration
	}{
		"default":  {transport.Config{}, 25 * time.Second}, // within the 30 s that Kubernetes gives
		"own":      {transport.Config{Propagation: time.Second, Drain: time.Minute}, 68 * time.Second},
		"for ever": {transport.Config{Propagation: math.MaxInt64, Drain: math.MaxInt64}, math.MaxInt64},
		"no waits": {transport.Config{Propagation: -1, Drain: -1}, 7 * time.Second},
	} {
		if got := tt.cfg.Budget(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// stuck is a logger, and everything else, that never comes back.
type stuck struct{ release chan struct{} }

func (s stuck) Log(...any) error             { <-s.release; return nil }
func (s stuck) Register()                    {}
func (s stuck) Deregister()                  { <-s.release }
func (s stuck) Listed(context.Context) error { <-s.release; return nil }
func (s stuck) Gone(context.Context) error   { <-s.release; return nil }

// TestServeReturnsWithinItsBudgetWhateverHangs has everything hang at once. Time
// is the bubble's, so the bound is exact.
func TestServeReturnsWithinItsBudgetWhateverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stuck{make(chan struct{})}
		f := newFake(newRecord(), "http")
		f.Serve = func(*transport.Ready) error { <-s.release; return nil }
		f.Probe = func(context.Context) error { return nil }
		f.SetReady = func(ready bool) {
			if !ready {
				<-s.release
			}
		}
		f.Calls = func() uint64 { <-s.release; return 0 }
		f.Shutdown = func(context.Context) error { <-s.release; return nil }
		f.Close = func() error { <-s.release; return nil }
		cfg := transport.Config{Servers: []transport.Server{f.Server, f.Server}, Registrar: s, Logger: s, Timeline: new(transport.Timeline)}
		ctx := after(t, time.Minute)
		began := time.Now()
		err := transport.Serve(ctx, cfg)
		if took := time.Since(began) - time.Minute; took > cfg.Budget() {
			t.Errorf("took %s, of %s\n%s", took, cfg.Budget(), cfg.Timeline)
		}
		for _, want := range []string{"set ready false", "registrar", "drain", "close", "logger"} {
			if err == nil || !strings.Contains(err.Error(), want+": still running") {
				t.Errorf("%v\ndoes not say that this hangs: %s", err, want)
			}
		}
		if transport.ExitCode(err) != 75 {
			t.Errorf("exit code %d", transport.ExitCode(err))
		}
		close(s.release)
	})
}

// TestStartThatIsCalledOffStopsAtOnce has probes and registrars that do not heed
// it.
func TestStartThatIsCalledOffStopsAtOnce(t *testing.T) {
	for name, hang := range map[string]func(release chan struct{}, f *fakeServer, reg *fakeRegistrar){
		"probe": func(release chan struct{}, f *fakeServer, _ *fakeRegistrar) {
			f.Probe = func(context.Context) error { <-release; return errors.New("too late") }
		},
		"register": func(release chan struct{}, _ *fakeServer, reg *fakeRegistrar) {
			reg.register = func() { <-release }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, release, timeline := newRecord(), make(chan struct{}), new(transport.Timeline)
				f, reg := newFake(r, "http"), &fakeRegistrar{record: r}
				hang(release, f, reg)
				_ = transport.Serve(after(t, 500*time.Millisecond), transport.Config{Servers: []transport.Server{f.Server}, Registrar: reg, Timeline: timeline})
				if got := outcome(t, timeline, "stopping"); got.Since != 500*time.Millisecond {
					t.Errorf("the stop began at %s, want with ctx\n%s", got.Since, timeline)
				}
				close(release)
			})
		})
	}
}

type panics struct{}

func (panics) Log(...any) error { panic("boom") }

func TestLoggerThatPanicsIsSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(newRecord(), "http")
		if err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{f.Server}, Logger: panics{}}); err != nil {
			t.Error(err)
		}
	})
}
