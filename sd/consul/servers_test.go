package consul

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// A registration and a watch by target over TLS, with client certificates that
// are replaced while they run.
func TestOverTLS(t *testing.T) {
	t.Parallel()
	ca, err := servers.NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue("client", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	agent := servers.Consul(t, servers.Options{TLS: &servers.TLS{CA: ca, VerifyClients: true}})
	at := "consul://" + agent.Endpoint() + "/svc?ttl=6s&ca=" + ca.File
	_, r := watch(t, open(t, at, Config{}))
	if err := r.wait(); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("without a client certificate, Watch = %v", err)
	}
	at += "&cert=" + pair.Cert + "&key=" + pair.Key
	h, err := sd.OpenHolder(at, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	registrar := sd.NewRegistrar(h, instance("a"), sd.RegistrarConfig{})
	registrar.Register()
	defer registrar.Deregister()
	i, err := sd.Open(at, sd.InstancerConfig{}, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	known(t, i, "a")

	// The old certificate is gone; every connection is made anew.
	if err := os.WriteFile(pair.Cert, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	agent.Kill()
	agent.Start()
	eventually(t, "the loss is told", func() bool { s, _ := i.Snapshot(); return s.Err != nil })
	if _, err = ca.Issue("client", time.Hour); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both are back", func() bool {
		s, _ := i.Snapshot()
		state, _ := registrar.State()
		return s.Err == nil && len(s.Instances) == 1 && s.Instances[0].State == sd.Up && state == sd.Registered
	})
}

// A query that a frozen agent holds is given up, and nothing with it.
func TestFrozenAgentsQueryIsAbandoned(t *testing.T) {
	t.Parallel()
	agent := servers.Consul(t, servers.Options{})
	seen, r := watch(t, open(t, "consul://"+agent.Endpoint()+"/svc?wait=1s&timeout=2s", Config{}))
	want(t, seen)
	agent.Freeze()
	if err := r.wait(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Watch = %v, want that the query took too long", err)
	}
	agent.Thaw()
	if n := len(seen.all()); n != 1 {
		t.Errorf("it told %d sets", n)
	}
}

// Restored servers count from where the snapshot was: a watch that waited for
// more would miss what happens next.
func TestIndexThatGoesBackwardsIsFollowed(t *testing.T) {
	t.Parallel()
	agent := servers.Consul(t, servers.Options{})
	c := connect(t, agent.Endpoint())
	snapshot, _, err := c.Snapshot().Save(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	saved, err := io.ReadAll(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, NewHolder(c, "svc", Config{TTL: minTTL}), instance("a"))
	for range 50 { // far ahead of the snapshot
		if err := c.Agent().ServiceRegister(&api.AgentServiceRegistration{ID: "b", Name: "svc", Address: "10.0.0.2", Port: 80}); err != nil {
			t.Fatal(err)
		}
		if err := c.Agent().ServiceDeregister("b"); err != nil {
			t.Fatal(err)
		}
	}
	i := NewInstancer(connect(t, agent.Endpoint()), "svc", Config{Wait: maxWait})
	defer i.Stop()
	known(t, i, "a")
	never := neverEmpty(t, i)
	if err := c.Snapshot().Restore(nil, bytes.NewReader(saved)); err != nil {
		t.Fatal(err)
	}
	hold(t, NewHolder(c, "svc", Config{TTL: minTTL}), instance("c"))
	known(t, i, "a", "c")
	never()
}

// Servers may lack an instance that the agent has, as when they were restored,
// and the agent believes for a minute or two that they know. Who holds it finds
// out with the next beat, and who takes it over at once.
func TestWhoTheServersLackIsRegisteredAgain(t *testing.T) {
	for name, cfg := range map[string]Config{
		"beats":           {TTL: minTTL},
		"the agent looks": {TTL: minTTL, HTTPCheck: &HTTPCheck{URL: "http://127.0.0.1:9/", Probe: Probe{Interval: time.Minute}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			h := NewHolder(f.client, "svc", cfg)
			s, end, err := h.begin()
			f.must(err)
			defer end()
			r, err := s.open(instance("a"))
			f.must(err)
			f.must(r.ensure(t.Context()))
			lose := func() {
				_, err := f.client.Catalog().Deregister(&api.CatalogDeregistration{Node: r.node.name, ServiceID: "a"}, nil)
				f.must(err)
				eventually(t, "it is lost", func() bool { return count(f.seen) == 0 })
			}
			eventually(t, "it is told", func() bool { return count(f.seen) == 1 })
			lose()
			keep := run(t, func(ctx context.Context) error { return r.keep(ctx, func() {}) })
			eventually(t, "it is told again", func() bool { return count(f.seen) == 1 || keep.ended() })
			f.must(keep.stop())
			lose()
			_, held := hold(t, h, instance("a"))
			eventually(t, "the next one tells it", func() bool { return count(f.seen) == 1 })
			f.must(held.stop())
		})
	}
}

// neverEmpty fails the test if i publishes nobody until the result is called.
func neverEmpty(t *testing.T, i *sd.Instancer) (end func()) {
	t.Helper()
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			s, changed := i.Snapshot()
			if len(s.Instances) == 0 {
				t.Error("it published nobody")
			}
			select {
			case <-changed:
			case <-done:
				return
			}
		}
	})
	return sync.OnceFunc(func() { close(done); watching.Wait() })
}

// An agent that leaves takes its services with it, though they run; and one
// that comes back as another node is told anew.
func TestClientAgentLeavesAndComesBackAsAnother(t *testing.T) {
	t.Parallel()
	cluster := servers.ConsulCluster(t, 2, servers.Options{})
	agent := servers.ConsulAgent(t, cluster, servers.Options{})
	lines := &logLines{}
	h := NewHolder(connect(t, agent.Endpoint()), "svc", Config{TTL: 3 * minTTL, Logger: lines})
	_, r := hold(t, h, instance("a"))
	i := NewInstancer(connect(t, cluster.Endpoints()[0]), "svc", Config{})
	defer i.Stop()
	known(t, i, "a")
	never := neverEmpty(t, i)
	defer never()
	agent.Stop() // it leaves
	agent.Wipe()
	agent.Start()
	eventually(t, "the new node is noticed, or the registration given up", func() bool { return lines.has("another node") || r.ended() })
	if r.ended() {
		t.Fatalf("Hold = %v", r.err)
	}
	known(t, i, "a")
}

// logLines remembers the messages of a logger.
type logLines struct {
	mu   sync.Mutex // guards the field below
	text []byte
}

func (l *logLines) Log(keyvals ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(keyvals) > 1 {
		msg, _ := keyvals[1].(string)
		l.text = append(l.text, msg...)
	}
	return nil
}

func (l *logLines) has(words string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text, []byte(words))
}

// Three servers, of which the leader is frozen: stale reads go on, and nobody
// is lost.
func TestFrozenLeaderLosesNobody(t *testing.T) {
	t.Parallel()
	cluster := servers.ConsulCluster(t, 3, servers.Options{})
	leader := cluster.Leader()
	follower := cluster.Endpoints()[(leader+1)%3]
	hold(t, NewHolder(connect(t, follower), "svc", Config{TTL: 3 * minTTL}), instance("a"))
	i := NewInstancer(connect(t, follower), "svc", Config{AllowStale: true, Wait: 2 * time.Second})
	defer i.Stop()
	known(t, i, "a")
	never := neverEmpty(t, i)
	defer never()
	cluster.Members()[leader].Freeze()
	// Straight into the catalogue: agents wait for up to half a minute before
	// they try again what they could not tell.
	c := connect(t, follower)
	b := api.CatalogRegistration{Node: "elsewhere", Address: "10.0.0.2", Service: &api.AgentService{ID: "b", Service: "svc", Port: 80}}
	eventually(t, "a newcomer is registered with the others", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // the frozen one may be asked
		defer cancel()
		_, err := c.Catalog().Register(&b, (&api.WriteOptions{}).WithContext(ctx))
		s, _ := i.Snapshot()
		return err == nil && len(s.Instances) == 2
	})
	cluster.Members()[leader].Thaw()
}

// count is how many instances s was told last.
func count(s *sink) int {
	set, _ := s.last()
	return len(set)
}
