package consul

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// fixture is a client of the shared agent, and a service in it that is watched.
type fixture struct {
	*testing.T

	addr   string
	client *api.Client
	holder *Holder
	seen   *sink
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	agent, err := sharedAgent()
	if err != nil {
		t.Fatal(err)
	}
	return newFixtureAt(t, agent.Endpoint())
}

// newFixtureAt is a fixture in an agent of the test's own.
func newFixtureAt(t *testing.T, addr string) *fixture {
	t.Helper()
	f := &fixture{T: t, addr: addr, client: connect(t, addr)}
	left, err := f.client.Agent().ServicesWithFilter(`Service == "svc"`) // by whom a busy machine gave too little time to leave
	f.must(err)
	for id := range left {
		f.must(f.client.Agent().ServiceDeregister(id))
	}
	f.holder = NewHolder(f.client, "svc", Config{TTL: minTTL})
	f.seen, _ = watch(t, NewWatcher(f.client, "svc", Config{}))
	want(t, f.seen)
	return f
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// has tells whether the agent has a service of that ID.
func (f *fixture) has(id string) bool {
	_, _, err := f.client.Agent().Service(id, (&api.QueryOptions{}).WithContext(f.Context()))
	return err == nil
}

func TestRegisterAndLeave(t *testing.T) {
	f := newFixture(t)
	in := sd.Instance{ID: "a/b c", Addr: "[2001:db8::1]:80", Weight: 3, Zone: "z", Version: "v", Tags: []string{"t"}, Meta: map[string]string{"k": "v"}}
	start := time.Now()
	_, r := hold(t, f.holder, in)
	t.Logf("held after %v", time.Since(start))
	want(t, f.seen, in)
	t.Logf("register → seen: %v", time.Since(start))

	start = time.Now()
	if err := r.stop(); err != nil {
		t.Fatalf("leave: %v", err)
	}
	t.Logf("left after %v", time.Since(start))
	want(t, f.seen)
	t.Logf("leave → gone: %v", time.Since(start))
	drained := false
	for _, set := range f.seen.all() {
		drained = drained || len(set) == 1 && set[0].State == sd.Draining
	}
	if !drained {
		t.Errorf("it was never seen Draining: %v", f.seen.all())
	}
}

func TestForgottenServiceIsRegisteredAgain(t *testing.T) {
	f := newFixture(t)
	held, r := hold(t, f.holder, instance("a"))
	f.must(f.client.Agent().ServiceDeregister("a"))
	want(t, f.seen)
	took := eventually(t, "registered again", func() bool { return held.get() > 1 || r.ended() })
	t.Logf("deregistered behind its back → registered again: %v, with a beat every %v", took, minTTL/3)
	want(t, f.seen, instance("a"))
}

func TestForgottenCheckIsRegisteredAgain(t *testing.T) {
	f := newFixture(t)
	held, _ := hold(t, f.holder, instance("a"))
	f.must(f.client.Agent().CheckDeregister("service:a"))
	eventually(t, "registered again", func() bool { return held.get() > 1 })
	want(t, f.seen, instance("a"))
}

func TestChangedServiceIsRegisteredAgain(t *testing.T) {
	f := newFixture(t)
	h := NewHolder(f.client, "svc", Config{TTL: minTTL})
	s, end, err := h.begin()
	f.must(err)
	defer end()
	r, err := s.open(instance("a"))
	f.must(err)
	r.verifyEvery = time.Millisecond // with every beat
	held := &counter{}
	f.must(r.ensure(t.Context()))
	hold := run(t, func(ctx context.Context) error { return r.keep(ctx, held.add) })
	changed := *r.body
	changed.Tags = []string{"by hand"}
	f.must(f.client.Agent().ServiceRegister(&changed))
	eventually(t, "registered again", func() bool { return held.get() > 0 || hold.ended() })
	want(t, f.seen, instance("a"))
	f.must(hold.stop())
	f.must(r.leave(t.Context()))
}

func TestStrangerIsNotOverwritten(t *testing.T) {
	f := newFixture(t)
	stranger := instance("a")
	stranger.Addr = "10.9.9.9:99"
	_, other := hold(t, f.holder, stranger)
	err := f.holder.Hold(t.Context(), instance("a"), func() { t.Error("held was called") })
	if !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "10.9.9.9:99") || !strings.Contains(err.Error(), "sd.NewID") {
		t.Errorf("Hold = %v, want ErrTaken by 10.9.9.9:99 and the mend", err)
	}
	want(t, f.seen, stranger)
	f.must(other.stop())
	hold(t, f.holder, instance("a"))
	want(t, f.seen, instance("a"))
}

// A process that was killed and comes back under its old ID leaves as others do.
func TestAdoptedRegistrationLeaves(t *testing.T) {
	f := newFixture(t)
	s, end, err := f.holder.begin()
	f.must(err)
	defer end()
	killed, err := s.open(instance("a"))
	f.must(err)
	f.must(killed.ensure(t.Context()))
	_, r := hold(t, f.holder, instance("a"))
	want(t, f.seen, instance("a"))
	f.must(r.stop())
	want(t, f.seen)
}

func TestExpiredCheckIsRevived(t *testing.T) {
	f := newFixture(t)
	hold(t, f.holder, instance("a"))
	f.must(f.client.Agent().UpdateTTL("service:a", "TTL expired", api.HealthCritical))
	want(t, f.seen, in(sd.Critical, instance("a")))
	want(t, f.seen, instance("a"))
}

// An instance whose process died without a word is critical after its TTL, and
// removed much later: who calls must know that it exists and is ill.
func TestDeadProcessTurnsCritical(t *testing.T) {
	f := newFixture(t)
	p := servers.NewProxy(t, f.addr)
	hold(t, NewHolder(connect(t, p.Addr()), "svc", Config{TTL: minTTL}), instance("a"))
	want(t, f.seen, instance("a"))
	p.Cut()
	start := time.Now()
	want(t, f.seen, in(sd.Critical, instance("a")))
	t.Logf("connection lost for ever → critical: %v, with a TTL of %v", time.Since(start), minTTL)
	p.Heal() // for the others who share the agent
}

func TestHoldGivesUpWhenTheAgentIsGone(t *testing.T) {
	t.Parallel()
	agent := servers.Consul(t, servers.Options{})
	f := newFixtureAt(t, agent.Endpoint())
	_, r := hold(t, f.holder, instance("a"))
	agent.Freeze()
	start := time.Now()
	err := r.wait()
	t.Logf("gave up on a frozen agent after %v: %v", time.Since(start), err)
	if err == nil {
		t.Error("Hold = nil without its agent")
	}
	agent.Thaw()
	hold(t, f.holder, instance("a"))
	want(t, f.seen, instance("a"))
}

func TestLeaveWithDeadAgentIsBounded(t *testing.T) {
	t.Parallel()
	agent := servers.Consul(t, servers.Options{})
	f := newFixtureAt(t, agent.Endpoint())
	_, r := hold(t, f.holder, instance("a"))
	agent.Freeze()
	start := time.Now()
	err := r.stop()
	t.Logf("gave up leaving a frozen agent after %v: %v", time.Since(start), err)
	if err == nil || !strings.Contains(err.Error(), "removes after") {
		t.Errorf("leave = %v, want an error that says when Consul will do it", err)
	}
	agent.Thaw()
}

func TestRefusedRegistrationNeedsNoLeave(t *testing.T) {
	f := newFixture(t)
	bad := instance("a")
	bad.Meta = map[string]string{"key with spaces": "v"}
	err := f.holder.Hold(t.Context(), bad, func() { t.Error("held was called") })
	if err == nil || !strings.Contains(err.Error(), "key with spaces") {
		t.Errorf("Hold = %v, want Consul's own words", err)
	}
	if f.has("a") {
		t.Error("it is registered")
	}
}
