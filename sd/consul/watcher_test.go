package consul

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

func TestWatchClassifies(t *testing.T) {
	f := newFixture(t)
	hold(t, f.holder, instance("a"))
	hold(t, f.holder, in(sd.Warning, instance("b")))
	hold(t, f.holder, in(sd.Critical, instance("c")))
	hold(t, f.holder, in(sd.Draining, instance("d")))
	f.must(f.client.Agent().ServiceRegister(&api.AgentServiceRegistration{
		ID: "e", Name: "svc", Address: "10.0.0.5", Port: 80, Tags: []string{"foreign"},
		Weights: &api.AgentWeights{Passing: 10, Warning: 2},
		Check:   &api.AgentServiceCheck{CheckID: "e", TTL: "10m", Status: api.HealthPassing},
	}))
	defer func() { f.must(f.client.Agent().ServiceDeregister("e")) }()
	rest := []sd.Instance{instance("a"), in(sd.Warning, instance("b")), in(sd.Critical, instance("c")), in(sd.Draining, instance("d"))}
	e := sd.Instance{ID: "e", Addr: "10.0.0.5:80", Weight: 10, Tags: []string{"foreign"}}
	want(t, f.seen, append(rest, e)...)

	f.must(f.client.Agent().UpdateTTL("e", "slow", api.HealthWarning))
	e.State, e.Weight = sd.Warning, 2
	want(t, f.seen, append(rest, e)...)
	f.must(f.client.Agent().UpdateTTL("e", "connection refused", api.HealthCritical))
	e.State, e.Weight = sd.Critical, 10
	want(t, f.seen, append(rest, e)...)
	f.must(f.client.Agent().EnableServiceMaintenance("e", "by hand"))
	e.State = sd.Draining
	want(t, f.seen, append(rest, e)...)
	f.must(f.client.Agent().DisableServiceMaintenance("e"))
	f.must(f.client.Agent().UpdateTTL("e", "", api.HealthPassing))
	e.State = sd.Up
	want(t, f.seen, append(rest, e)...)
}

func TestWatchByTags(t *testing.T) {
	f := newFixture(t)
	for _, i := range []sd.Instance{
		{ID: "a", Addr: "10.0.0.1:80", Weight: 1, Tags: []string{"blue", "eu"}},
		{ID: "b", Addr: "10.0.0.2:80", Weight: 1, Tags: []string{"blue"}},
	} {
		hold(t, f.holder, i)
	}
	seen, _ := watch(t, NewWatcher(f.client, "svc", Config{Tags: []string{"eu", "blue"}}))
	want(t, seen, sd.Instance{ID: "a", Addr: "10.0.0.1:80", Weight: 1, Tags: []string{"blue", "eu"}})
}

func TestWatchEndsItsQuery(t *testing.T) {
	f := newFixture(t)
	seen, r := watch(t, NewWatcher(f.client, "svc", Config{Wait: maxWait}))
	want(t, seen)
	start := time.Now()
	if err := r.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch = %v, want the end of its ctx", err)
	}
	t.Logf("a query that would have waited %v was ended in %v", maxWait, time.Since(start))
}

func TestWatchWithoutChangesTellsNothingTwice(t *testing.T) {
	f := newFixture(t)
	seen, _ := watch(t, NewWatcher(f.client, "svc", Config{Wait: time.Second}))
	want(t, seen)
	hold(t, f.holder, instance("a")) // beats change nothing either
	want(t, seen, instance("a"))
	p := servers.NewProxy(t, f.addr)
	_, r := watch(t, NewWatcher(connect(t, p.Addr()), "svc", Config{}))
	p.Cut()
	if err := r.wait(); err == nil {
		t.Error("Watch = nil although its connection was cut")
	}
	sets := seen.all()
	for i, set := range sets[1:] {
		if len(set) == len(sets[i]) && len(set) > 0 && same(set[0], sets[i][0]) {
			t.Errorf("told %v twice", set)
		}
	}
}
