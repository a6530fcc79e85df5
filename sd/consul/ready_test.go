package consul

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// check returns what the catalogue has of a check.
func (f *fixture) check(id string) *api.HealthCheck {
	f.Helper()
	checks, _, err := f.client.Health().Checks("svc", nil)
	f.must(err)
	for _, c := range checks {
		if c.CheckID == id {
			return c
		}
	}
	return &api.HealthCheck{}
}

func TestBeatIsGatedByReadiness(t *testing.T) {
	f := newFixture(t)
	var why atomic.Pointer[error]
	set := func(err error) { why.Store(&err) }
	set(errors.New("warming\nup"))
	h := NewHolder(f.client, "svc", Config{TTL: minTTL, Ready: func(ctx context.Context) error {
		if _, limited := ctx.Deadline(); !limited {
			t.Error("Ready may take for ever")
		}
		return *why.Load()
	}})
	_, r := hold(t, h, instance("a"))
	want(t, f.seen, in(sd.Critical, instance("a")))
	if c := f.check("service:a"); c.Output != "not ready: warming up" {
		t.Errorf("its check says %q", c.Output)
	}
	set(nil)
	want(t, f.seen, instance("a"))
	if c := f.check("service:a"); c.Output != "" {
		t.Errorf("its check says %q though it is ready", c.Output)
	}
	set(errors.New("draining")) // says it, and means something else
	want(t, f.seen, in(sd.Critical, instance("a")))

	// It leaves by Draining from there too.
	before := len(f.seen.all())
	f.must(r.stop())
	want(t, f.seen)
	seenDraining(t, f.seen.all()[before:], "a")
}

func seenDraining(t *testing.T, sets [][]sd.Instance, id string) {
	t.Helper()
	for _, set := range sets {
		for _, in := range set {
			if in.ID == id && in.State == sd.Draining {
				return
			}
		}
	}
	t.Errorf("%s was never seen Draining: %v", id, sets)
}

// The first reason stays: Consul would replicate every other one.
func TestReasonsDoNotChangeWithEveryBeat(t *testing.T) {
	n := 0
	r := &registration{own: healthOf(sd.Up), asked: true, session: &session{}}
	r.health = r.own
	r.cfg.Ready = func(context.Context) error { n++; return errors.New(strings.Repeat("x", 1000*n) + "\x00") }
	r.judge(t.Context())
	said := r.health
	r.judge(t.Context())
	if n != 2 || r.health != said || said.status != api.HealthCritical || len(said.output) > 300 || strings.Contains(said.output, "\x00") {
		t.Errorf("after %d questions it says %q, then %q", n, said.output, r.health.output)
	}
	r.cfg.Ready = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	r.health = r.own
	if r.judge(ctx); r.health != r.own {
		t.Errorf("the end of ctx was taken for an answer: %+v", r.health)
	}
}

func TestMaintenanceIsTheOperators(t *testing.T) {
	f := newFixture(t)
	h := NewHolder(f.client, "svc", Config{TTL: minTTL})
	s, end, err := h.begin()
	f.must(err)
	defer end()
	r, err := s.open(instance("a"))
	f.must(err)
	r.verifyEvery = time.Millisecond
	f.must(r.ensure(t.Context()))
	var held counter
	holding := run(t, func(ctx context.Context) error { return r.keep(ctx, held.add) })
	want(t, f.seen, instance("a"))
	f.must(f.client.Agent().EnableServiceMaintenance("a", "by hand"))
	want(t, f.seen, in(sd.Draining, instance("a")))
	// Not even a registration that has to be written anew ends it.
	changed := *r.body
	changed.Tags = []string{"by hand"}
	f.must(f.client.Agent().ServiceRegister(&changed))
	eventually(t, "registered again", func() bool { return held.get() > 0 || holding.ended() })
	want(t, f.seen, in(sd.Draining, instance("a")))
	f.must(f.client.Agent().DisableServiceMaintenance("a"))
	want(t, f.seen, instance("a"))
	f.must(holding.stop())
	f.must(r.leave(t.Context()))
}

func TestWarningWeight(t *testing.T) {
	f := newFixture(t)
	a := instance("a")
	a.Weight = 10
	hold(t, NewHolder(f.client, "svc", Config{TTL: minTTL, WarningWeight: 3}), in(sd.Warning, a))
	a.State, a.Weight = sd.Warning, 3
	want(t, f.seen, a)
}
