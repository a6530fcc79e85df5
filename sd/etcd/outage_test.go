package etcd

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// fleet is a service of a few instances, each with a client of its own as if it
// were a process, and a consumer of it.
type fleet struct {
	*testing.T

	etcd       *servers.Server
	client     *clientv3.Client
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
	f := &fleet{T: t, etcd: servers.Etcd(t, servers.Options{}), smallest: fleetSize, watching: make(chan struct{})}
	f.client = connect(t, f.etcd.Endpoint())
	for i := range fleetSize {
		h := NewHolder(connect(t, f.etcd.Endpoint()), "svc", Config{TTL: minTTL})
		r := sd.NewRegistrar(h, instance(fmt.Sprint("x", i)), sd.RegistrarConfig{})
		r.Register()
		t.Cleanup(r.Deregister)
		f.registrars = append(f.registrars, r)
	}
	for _, r := range f.registrars {
		<-r.Registered()
	}
	f.consumer = NewInstancer(connect(t, f.etcd.Endpoint()), "svc", Config{})
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

// back waits until every instance is in etcd and every registrar knows it.
func (f *fleet) back() time.Duration {
	f.Helper()
	return eventually(f, "all are registered again", func() bool {
		resp, err := f.client.Get(f.Context(), prefixOf("kitgen", "svc"), clientv3.WithPrefix(), clientv3.WithCountOnly())
		return err == nil && resp.Count == fleetSize && f.count(sd.Registered) == fleetSize
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
	if _, err := f.client.Put(f.Context(), keyOf(prefixOf("kitgen", "svc"), "y"), "10.0.0.9:80"); err != nil {
		f.Fatal(err)
	}
	eventually(f, "the consumer knows a newcomer", func() bool {
		s, _ := f.consumer.Snapshot()
		return slices.Contains(idsOf(s.Instances), "y") && s.Err == nil
	})
	return time.Since(start)
}

func TestRestartLosesNobody(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]func(*fleet){
		"stopped, same data": func(f *fleet) { f.etcd.Stop() },
		"killed, same data":  func(f *fleet) { f.etcd.Kill() },
		"no data":            func(f *fleet) { f.etcd.Wipe() },
		"no data, after all leases would have ended": func(f *fleet) {
			f.etcd.Wipe()
			eventually(f, "registrars know that they are lost", func() bool { return f.count(sd.Lost) == fleetSize })
		},
		"same data, after all leases would have ended": func(f *fleet) {
			f.etcd.Stop()
			eventually(f, "registrars know that they are lost", func() bool { return f.count(sd.Lost) == fleetSize })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			restart(f)
			f.etcd.Start()
			t.Logf("etcd is back → all registered: %v", f.back())
			t.Logf("                and consumer fresh: %v", f.fresh())
			f.lostNobody()
		})
	}
}

// etcd halts for longer than every lease lasts, and removes all of them in the
// moment it goes on. The instances were there all the time.
func TestFrozenBeyondTTLRemovesNobody(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.etcd.Freeze()
	eventually(t, "registrars know that they are lost", func() bool { return f.count(sd.Lost) == fleetSize })
	f.etcd.Thaw()
	t.Logf("etcd goes on → all registered: %v", f.back())
	t.Logf("                and consumer fresh: %v", f.fresh())
	f.lostNobody()
}

func TestAllLeasesRevokedRemovesNobody(t *testing.T) {
	f := newFleet(t)
	leases, err := f.client.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leases.Leases {
		if _, err := f.client.Revoke(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("all leases revoked → all registered: %v", f.back())
	f.lostNobody()
}

func TestSlowNetworkLosesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	p.Delay(100 * time.Millisecond)
	var renewals calls
	c := connect(t, p.Addr(), renewals.count("/etcdserverpb.Lease/LeaseKeepAlive"))
	held, r := hold(t, NewHolder(c, "svc", Config{TTL: minTTL}), instance("a"))
	want(t, f.seen, instance("a"))
	lease := f.lease("a")
	p.Reset()
	eventually(t, "renewed for longer than a TTL", func() bool { return r.ended() || renewals.n.Load() > 5 })
	if r.ended() || held.get() != 1 || f.lease("a") != lease {
		t.Errorf("ended: %v (%v), held %d times", r.ended(), r.err, held.get())
	}
	p.Heal()
}

// Answers that take longer than a call may at first are waited for in the end,
// before the lease is over.
func TestVerySlowNetworkLosesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	var renewals calls
	c := connect(t, p.Addr(), renewals.count("/etcdserverpb.Lease/LeaseKeepAlive"))
	h := NewHolder(c, "svc", Config{})
	held, r := hold(t, h, instance("a"))
	lease := f.lease("a")
	p.Delay(1500 * time.Millisecond)
	slow := time.Now()
	eventually(t, "longer than a lease lasts", func() bool { return r.ended() || time.Since(slow) > 20*time.Second })
	if r.ended() || held.get() != 1 || f.lease("a") != lease {
		t.Errorf("ended: %v (%v), held %d times, %d renewals", r.ended(), r.err, held.get(), renewals.n.Load())
	}
	p.Heal()
}
