package transport_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/transport"
)

// leaver is a registrar that knows what callers see.
type leaver struct {
	*fakeRegistrar
	gone func(context.Context) error
}

func (l *leaver) Gone(ctx context.Context) error {
	l.add("gone?")
	return l.gone(ctx)
}

// outcome is what the timeline says of a step, and how long it took.
func outcome(t *testing.T, timeline *transport.Timeline, name string) transport.Step {
	t.Helper()
	for _, s := range timeline.Steps() {
		if s.Name == name {
			return s
		}
	}
	t.Errorf("no %s in\n%s", name, timeline)
	return transport.Step{}
}

func TestPropagationEndsOnceCallersHaveGone(t *testing.T) {
	never := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	in := func(d time.Duration) func(context.Context) error {
		return func(context.Context) error { time.Sleep(d); return nil }
	}
	for name, tt := range map[string]struct {
		gone  func(context.Context) error
		calls func(since time.Duration) uint64 // since the stop began
		limit time.Duration
		took  time.Duration
		why   string
	}{
		"nobody calls":          {gone: in(0), took: time.Second, why: "removal seen, and no new call for 1s"},
		"removal seen late":     {gone: in(time.Second), took: 2 * time.Second, why: "removal seen, and no new call for 1s"},
		"removal never seen":    {gone: never, took: 3 * time.Second, why: "full time: callers' view of the registry still has this instance"},
		"removal seen too late": {gone: in(2500 * time.Millisecond), took: 3 * time.Second, why: "full time: calls have not ceased"},
		"cannot know":           {gone: func(context.Context) error { return errors.ErrUnsupported }, took: 3 * time.Second, why: "full time: what callers see is not known: unsupported operation"},
		"breaks":                {gone: func(context.Context) error { panic("boom") }, took: 3 * time.Second, why: "full time: what callers see is not known: panic: boom"},
		"calls for half a second": {
			gone:  in(0),
			calls: func(since time.Duration) uint64 { return uint64(min(since, 500*time.Millisecond) / time.Millisecond) },
			took:  1500 * time.Millisecond,
			why:   "removal seen, and no new call for 1s",
		},
		"calls all the time": {
			gone:  in(0),
			calls: func(since time.Duration) uint64 { return uint64(since / (100 * time.Millisecond)) },
			took:  3 * time.Second,
			why:   "full time: calls have not ceased",
		},
		"short": {gone: in(0), limit: 300 * time.Millisecond, took: 100 * time.Millisecond, why: "removal seen, and no new call for 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, timeline := newRecord(), new(transport.Timeline)
				stopped := time.Now().Add(time.Minute)
				f := newFake(r, "http")
				f.Calls = func() uint64 {
					if tt.calls == nil {
						return 7
					}
					return tt.calls(time.Since(stopped))
				}
				err := transport.Serve(after(t, time.Minute), transport.Config{
					Servers:     []transport.Server{f.Server},
					Registrar:   &leaver{&fakeRegistrar{record: r}, tt.gone},
					Propagation: tt.limit,
					Timeline:    timeline,
				})
				if err != nil {
					t.Error(err)
				}
				// A look at the calls is taken every so often.
				if got := outcome(t, timeline, "propagation"); got.Took < tt.took || got.Took > tt.took+50*time.Millisecond || got.Why != tt.why {
					t.Errorf("%s: %q, want %s: %q", got.Took, got.Why, tt.took, tt.why)
				}
				if !r.has("gone?") {
					t.Errorf("the registrar was not asked: %q", r.all())
				}
			})
		})
	}
}

// TestPropagationTakesItsTimeWhereNobodyKnows has registrars and servers that
// cannot tell.
func TestPropagationTakesItsTimeWhereNobodyKnows(t *testing.T) {
	r := newRecord()
	gone := &leaver{&fakeRegistrar{record: r}, func(context.Context) error { return nil }}
	for name, tt := range map[string]struct {
		change func(*transport.Config)
		why    string
	}{
		"no registrar":   {func(cfg *transport.Config) { cfg.Registrar = nil }, "registered nowhere"},
		"plain":          {func(cfg *transport.Config) { cfg.Registrar = &fakeRegistrar{record: r} }, "the registrar cannot tell"},
		"does not count": {func(cfg *transport.Config) { cfg.Servers[0].Calls = nil }, "the http server does not count its calls"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				timeline := new(transport.Timeline)
				f := newFake(newRecord(), "http")
				f.Calls = func() uint64 { return 0 }
				cfg := transport.Config{Servers: []transport.Server{f.Server}, Registrar: gone, Timeline: timeline}
				tt.change(&cfg)
				if err := transport.Serve(after(t, time.Minute), cfg); err != nil {
					t.Error(err)
				}
				if got := outcome(t, timeline, "propagation"); got.Took != 3*time.Second || !strings.HasPrefix(got.Why, "full time: "+tt.why) {
					t.Errorf("%s: %q", got.Took, got.Why)
				}
			})
		})
	}
}

// TestRegistrarIsAskedBeforeItIsLeft: a watch that is opened after the removal
// says nothing of how late others see it.
func TestRegistrarIsAskedBeforeItIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		var asked atomic.Bool
		reg := &leaver{&fakeRegistrar{record: r}, func(ctx context.Context) error {
			asked.Store(true)
			<-ctx.Done()
			return ctx.Err()
		}}
		reg.deregister = func() {
			time.Sleep(time.Millisecond) // until everybody else waits
			if !asked.Load() {
				t.Error("not asked before it was done")
			}
		}
		if err := transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{newFake(r, "http").Server}, Registrar: reg}); err != nil {
			t.Error(err)
		}
	})
}
