package sd_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

// stuck is a registry that answers nothing, not even the end of ctx.
type stuck struct{ free chan struct{} }

func (s stuck) Hold(context.Context, sd.Instance, func()) error { <-s.free; return nil }

func TestGroupRegistersAllAndOneThatHangsDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		hung := stuck{make(chan struct{})}
		a, b := registrar(registry.Holder("a"), "x", "10.0.0.1:80"), registrar(registry.Holder("b"), "x", "10.0.0.1:81")
		g := sd.NewGroup(a, registrar(hung, "x", "10.0.0.1:82"), b)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.Run(ctx) }()
		<-a.Registered()
		<-b.Registered()
		synctest.Wait() // until the one that hangs does
		if state, _ := g.State(); state != sd.Unregistered {
			t.Errorf("the group is %s", state)
		}
		start := time.Now()
		cancel()
		if err := <-ended; !errors.Is(err, sd.ErrLeaveTimeout) {
			t.Errorf("Run returned %v", err)
		}
		if took := time.Since(start); took != 2*time.Second { // on the bubble's clock
			t.Errorf("leaving took %s", took)
		}
		close(hung.free)
	})
}

func TestGroupEndsWithOneThatCannotBeRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		good := registrar(registry.Holder("a"), "x", "10.0.0.1:80")
		if err := sd.NewGroup(good, registrar(registry.Holder("b"), "x", "0.0.0.0:80")).Run(t.Context()); !errors.Is(err, sd.ErrInvalid) {
			t.Errorf("Run returned %v", err)
		}
		if state, _ := good.State(); state != sd.Unregistered {
			t.Errorf("the good one is %s", state)
		}
	})
}

func TestEmptyGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := sd.NewGroup()
		g.Register()
		g.Deregister()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Run(ctx); err != nil || ctx.Err() == nil {
			t.Errorf("Run returned %v before its ctx ended", err)
		}
	})
}

func TestRegistrarSaysWhenItStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		meta := map[string]string{"k": "v"}
		in := sd.NewRegistrar(stuck{}, sd.Instance{Addr: "10.0.0.1:80", Meta: meta}, sd.RegistrarConfig{}).Instance()
		if !in.Started().Equal(time.Now()) || in.Meta["k"] != "v" || len(meta) != 1 {
			t.Errorf("started %s; %v, %v", in.Started(), in.Meta, meta)
		}
		in.Meta[sd.MetaStarted] = "yesterday"
		if !in.Started().IsZero() {
			t.Errorf("started %s", in.Started())
		}
	})
}

// TestGroupSaysAtOnceWhoCanNeverBeListed, also while another one's registry is
// down.
func TestGroupSaysAtOnceWhoCanNeverBeListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := sd.NewRegistrar(nil, sd.Instance{ID: "x", Addr: "10.0.0.1:80"}, sd.RegistrarConfig{})
		never := sd.NewRegistrar(nil, sd.Instance{ID: "x", Addr: "0.0.0.0:80"}, sd.RegistrarConfig{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := sd.NewGroup(down, never).Listed(ctx); !errors.Is(err, sd.ErrInvalid) {
			t.Error(err)
		}
	})
}
