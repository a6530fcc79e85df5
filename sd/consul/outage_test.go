package consul

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// fleet is a service of a few instances and a consumer of it.
type fleet struct {
	*testing.T

	consul     *servers.Server
	client     *api.Client
	registrars []*sd.Registrar
	consumer   *sd.Instancer
	watching   chan struct{}
	watched    sync.WaitGroup

	mu       sync.Mutex // guards the field below
	smallest int        // set that the consumer published
}

const fleetSize = 4

// newFleet returns once all are registered and known to the consumer.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{T: t, consul: servers.Consul(t, servers.Options{}), smallest: fleetSize, watching: make(chan struct{})}
	f.client = connect(t, f.consul.Endpoint())
	for i := range fleetSize {
		h := NewHolder(connect(t, f.consul.Endpoint()), "svc", Config{TTL: minTTL})
		r := sd.NewRegistrar(h, instance(fmt.Sprint("x", i)), sd.RegistrarConfig{})
		r.Register()
		t.Cleanup(r.Deregister)
		f.registrars = append(f.registrars, r)
	}
	for _, r := range f.registrars {
		<-r.Registered()
	}
	f.consumer = NewInstancer(connect(t, f.consul.Endpoint()), "svc", Config{})
	t.Cleanup(f.consumer.Stop)
	known(t, f.consumer, "x0", "x1", "x2", "x3")
	f.watched.Go(f.record)
	t.Cleanup(func() { close(f.watching); f.watched.Wait() })
	return f
}

// record notes every state that the consumer publishes.
func (f *fleet) record() {
	for {
		s, changed := f.consumer.Snapshot()
		f.mu.Lock()
		f.smallest = min(f.smallest, len(s.Instances))
		f.mu.Unlock()
		select {
		case <-changed:
		case <-f.watching:
			return
		}
	}
}

// lostNobody fails the test if the consumer ever published less than everyone.
func (f *fleet) lostNobody() {
	f.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.smallest < fleetSize {
		f.Errorf("the consumer published a set of %d, want never less than %d", f.smallest, fleetSize)
	}
}

// back waits until Consul lists every instance as passing.
func (f *fleet) back() time.Duration {
	f.Helper()
	return eventually(f, "all are registered again", func() bool {
		entries, _, err := f.client.Health().Service("svc", "", true, (&api.QueryOptions{}).WithContext(f.Context()))
		return err == nil && len(entries) == fleetSize && f.count(sd.Registered) == fleetSize
	})
}

func (f *fleet) count(state sd.RegistrarState) int {
	n := 0
	for _, r := range f.registrars {
		if s, _ := r.State(); s == state {
			n++
		}
	}
	return n
}

// fresh waits until the consumer hears of a newcomer.
func (f *fleet) fresh() time.Duration {
	f.Helper()
	start := time.Now()
	eventually(f, "a newcomer is registered", func() bool {
		return f.client.Agent().ServiceRegister(&api.AgentServiceRegistration{ID: "y", Name: "svc", Address: "10.0.0.9", Port: 80}) == nil
	})
	eventually(f, "the consumer knows a newcomer", func() bool {
		s, _ := f.consumer.Snapshot()
		return slices.Contains(idsOf(s.Instances), "y") && s.Err == nil
	})
	return time.Since(start)
}

func TestRestartLosesNobody(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]func(*fleet){
		"stopped, same data": func(f *fleet) { f.consul.Stop() },
		"killed, same data":  func(f *fleet) { f.consul.Kill() },
		"no data":            func(f *fleet) { f.consul.Wipe() },
		"no data, after all TTLs would have ended": func(f *fleet) {
			f.consul.Wipe()
			eventually(f, "registrars know that they are lost", func() bool { return f.count(sd.Lost) == fleetSize })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			restart(f)
			f.consul.Start()
			t.Logf("Consul is back → all registered: %v", f.back())
			t.Logf("                  and consumer fresh: %v", f.fresh())
			f.lostNobody()
		})
	}
}

func TestFrozenBeyondTTLRemovesNobody(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.consul.Freeze()
	eventually(t, "registrars know that they are lost", func() bool { return f.count(sd.Lost) == fleetSize })
	f.consul.Thaw()
	t.Logf("Consul goes on → all registered: %v", f.back())
	t.Logf("                  and consumer fresh: %v", f.fresh())
	f.lostNobody()
}
