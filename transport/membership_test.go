package transport_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
	"github.com/kitgen/kitgen/transport"
)

// What Serve asks registrars by shape, ours can.
var (
	_ membership = (*sd.Registrar)(nil)
	_ membership = (*sd.Group)(nil)
)

type membership interface {
	Listed(ctx context.Context) error
	Gone(ctx context.Context) error
	Left() error
}

// leftWith is a registrar that knows how it left.
type leftWith struct {
	*fakeRegistrar
	err error
}

func (l leftWith) Left() error { return l.err }

// TestOurRegistrarCutsTheWaitShort puts the parts together.
func TestOurRegistrarCutsTheWaitShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		in := sd.Instance{ID: "addsvc-1", Addr: "10.0.0.7:8080"}
		one := sd.NewRegistrar(registry.Holder("a"), in, sd.RegistrarConfig{Watcher: registry.Watcher("a")})
		two := sd.NewRegistrar(registry.Holder("b"), in, sd.RegistrarConfig{Watcher: registry.Watcher("b")})
		f, timeline := newFake(newRecord(), "http"), new(transport.Timeline)
		f.Calls = func() uint64 { return 0 }
		err := transport.Serve(after(t, time.Minute), transport.Config{
			Servers: []transport.Server{f.Server}, Registrar: sd.NewGroup(one, two), Propagation: time.Hour, Timeline: timeline,
		})
		if err != nil {
			t.Error(err)
		}
		if got := outcome(t, timeline, "propagation"); got.Why != "removal seen, and no new call for 1s" || got.Took != time.Second {
			t.Errorf("%s: %s", got.Took, got.Why)
		}
	})
}

// TestLeavingThatFailedIsTold: the process goes on, but nobody must think that it
// has left.
func TestLeavingThatFailedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, timeline := newRecord(), new(transport.Timeline)
		reg := leftWith{&fakeRegistrar{record: r}, errors.New("leave: permission denied")}
		if err := transport.Serve(after(t, time.Minute), transport.Config{Servers: []transport.Server{newFake(r, "http").Server}, Registrar: reg, Timeline: timeline}); err != nil {
			t.Error(err)
		}
		if got := outcome(t, timeline, "deregistration"); got.Err != "leave: permission denied" {
			t.Errorf("%+v", got)
		}
	})
}

// TestWhatCanNeverBeRegisteredFails has a registrar that would try for ever, and
// an instance that no registry takes.
func TestWhatCanNeverBeRegisteredFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		f, timeline := newFake(newRecord(), "http"), new(transport.Timeline)
		err := transport.Serve(t.Context(), transport.Config{
			Timeline:  timeline,
			Servers:   []transport.Server{f.Server},
			Registrar: sd.NewRegistrar(registry.Holder("a"), sd.Instance{Addr: "0.0.0.0:80"}, sd.RegistrarConfig{}),
		})
		if !errors.Is(err, sd.ErrInvalid) || !strings.HasPrefix(err.Error(), "registrar: register: ") || strings.Count(err.Error(), "register: ") != 1 {
			t.Errorf("got %v, want why it cannot be registered, once", err)
		}
		if !f.has("http shutdown") || transport.ExitCode(err) != 1 {
			t.Errorf("%q, exit code %d", f.all(), transport.ExitCode(err))
		}
		if text := timeline.String(); strings.Contains(text, "serving") {
			t.Errorf("it says that it serves, for good:\n%s", text)
		}
	})
}
