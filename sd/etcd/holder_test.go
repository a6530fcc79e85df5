package etcd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// fixture is an etcd, a client, and a service in it that is watched.
type fixture struct {
	*testing.T

	etcd   *servers.Server
	client *clientv3.Client
	holder *Holder
	seen   *sink
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, etcd: servers.Etcd(t, servers.Options{})}
	f.client = connect(t, f.etcd.Endpoint())
	f.holder = NewHolder(f.client, "svc", Config{TTL: minTTL})
	f.seen, _ = watch(t, NewWatcher(f.client, "svc", Config{}))
	want(t, f.seen)
	return f
}

func (f *fixture) key(id string) string { return keyOf(f.holder.prefix, id) }

// lease returns what the key of id hangs on, NoLease if it is not there.
func (f *fixture) lease(id string) clientv3.LeaseID {
	f.Helper()
	resp, err := f.client.Get(f.Context(), f.key(id))
	if err != nil {
		f.Fatal(err)
	}
	if len(resp.Kvs) == 0 {
		return clientv3.NoLease
	}
	return clientv3.LeaseID(resp.Kvs[0].Lease)
}

func (f *fixture) put(key, value string) {
	f.Helper()
	if _, err := f.client.Put(f.Context(), key, value); err != nil {
		f.Fatal(err)
	}
}

func TestRegisterAndLeave(t *testing.T) {
	f := newFixture(t)
	in := sd.Instance{ID: "a/b c", Addr: "10.0.0.1:80", Weight: 3, Zone: "z", Version: "v", Tags: []string{"t"}, Meta: map[string]string{"k": "v"}}
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
	sets := f.seen.all()
	if before := sets[len(sets)-2]; len(before) != 1 || before[0].State != sd.Draining {
		t.Errorf("the set before the last was %+v, want the instance Draining", before)
	}
	if leases, err := f.client.Leases(t.Context()); err != nil || len(leases.Leases) != 0 {
		t.Errorf("leases left: %v, %v", leases.Leases, err)
	}
}

func TestHoldWithoutIDUsesAddr(t *testing.T) {
	f := newFixture(t)
	hold(t, f.holder, sd.Instance{Addr: "10.0.0.1:80"})
	want(t, f.seen, sd.Instance{ID: "10.0.0.1:80", Addr: "10.0.0.1:80"})
}

func TestRevokedLeaseIsRepaired(t *testing.T) {
	f := newFixture(t)
	held, r := hold(t, f.holder, instance("a"))
	for round := 1; round <= 5; round++ {
		old := f.lease("a")
		start := time.Now()
		if _, err := f.client.Revoke(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		eventually(t, "registered again", func() bool { l := f.lease("a"); return l != old && l != clientv3.NoLease })
		t.Logf("lease revoked → registered again: %v", time.Since(start))
		eventually(t, "held again", func() bool { return held.get() > round })
	}
	want(t, f.seen, instance("a"))
	if r.ended() {
		t.Errorf("Hold ended: %v", r.err)
	}
}

func TestDeletedKeyIsRepaired(t *testing.T) {
	f := newFixture(t)
	held, _ := hold(t, f.holder, instance("a"))
	lease := f.lease("a")
	if _, err := f.client.Delete(t.Context(), f.key("a")); err != nil {
		t.Fatal(err)
	}
	took := eventually(t, "registered again", func() bool { return held.get() > 1 })
	t.Logf("key deleted → registered again: %v", took)
	if got := f.lease("a"); got != lease {
		t.Errorf("it hangs on lease %x, want still %x", got, lease)
	}
}

func TestKeyEditedByHandIsRepaired(t *testing.T) {
	f := newFixture(t)
	held, _ := hold(t, f.holder, instance("a"))
	lease := f.lease("a")
	f.put(f.key("a"), `{"addr":"`+instance("a").Addr+`","weight":9}`)
	eventually(t, "registered again", func() bool { return held.get() > 1 })
	if got := f.lease("a"); got != lease {
		t.Errorf("it hangs on lease %x, want %x", got, lease)
	}
	want(t, f.seen, instance("a"))
}

func TestVerifyOfWhatIsRightChangesNothing(t *testing.T) {
	f := newFixture(t)
	var ranges calls
	h := NewHolder(connect(t, f.etcd.Endpoint(), ranges.count("/etcdserverpb.KV/Range")), "svc", Config{TTL: minTTL})
	h.lost[f.key("a")] = &registration{registry: h.registry, key: f.key("a"), verifyEvery: 20 * time.Millisecond}
	held, _ := hold(t, h, instance("a"))
	eventually(t, "it looked a few times", func() bool { return ranges.n.Load() > 5 })
	if n := held.get(); n != 1 {
		t.Errorf("held was called %d times though nothing happened", n)
	}
}

func TestStrangerIsNotOverwritten(t *testing.T) {
	f := newFixture(t)
	stranger := sd.Instance{ID: "a", Addr: "10.9.9.9:99"}
	_, other := hold(t, NewHolder(f.client, "svc", Config{TTL: minTTL}), stranger)
	err := f.holder.Hold(t.Context(), instance("a"), func() { t.Error("held was called") })
	if !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "10.9.9.9:99") || !strings.Contains(err.Error(), "sd.NewID") {
		t.Errorf("Hold = %v, want ErrTaken by 10.9.9.9:99 and the mend", err)
	}
	want(t, f.seen, stranger)
	if err := other.stop(); err != nil {
		t.Fatal(err)
	}
	hold(t, f.holder, instance("a"))
	want(t, f.seen, instance("a"))
}

func TestWhoIsOverwrittenDoesNotFight(t *testing.T) {
	f := newFixture(t)
	_, r := hold(t, f.holder, instance("a"))
	grant, err := f.client.Grant(t.Context(), 60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.client.Put(t.Context(), f.key("a"), "10.9.9.9:99", clientv3.WithLease(grant.ID)); err != nil {
		t.Fatal(err)
	}
	if err := r.wait(); !errors.Is(err, ErrTaken) {
		t.Fatalf("Hold = %v, want ErrTaken", err)
	}
	if err := f.holder.Hold(t.Context(), instance("a"), func() {}); !errors.Is(err, ErrTaken) {
		t.Fatalf("next Hold = %v, want ErrTaken", err)
	}
	want(t, f.seen, sd.Instance{ID: "a", Addr: "10.9.9.9:99"})
	if _, err := f.client.Revoke(t.Context(), grant.ID); err != nil {
		t.Fatal(err)
	}
	hold(t, f.holder, instance("a"))
	want(t, f.seen, instance("a"))
}

func TestNewerLifeTakesOverOlderWaits(t *testing.T) {
	f := newFixture(t)
	_, older := hold(t, f.holder, instance("a"))
	next := instance("a")
	next.Version = "v2"
	_, newer := hold(t, NewHolder(f.client, "svc", Config{TTL: minTTL}), next)
	if err := older.wait(); !errors.Is(err, ErrTaken) {
		t.Fatalf("older Hold = %v, want ErrTaken", err)
	}
	// Leaving, late, the older one must not take the newer one's key with it.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.holder.Hold(ctx, instance("a"), func() {}); err != nil {
		t.Errorf("older leaves: %v", err)
	}
	want(t, f.seen, next)
	if newer.ended() {
		t.Errorf("newer Hold = %v", newer.err)
	}
}

func TestLeaveWithDeadRegistryIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, r := hold(t, f.holder, instance("a"))
	f.etcd.Freeze()
	start := time.Now()
	err := r.stop()
	t.Logf("gave up leaving a frozen etcd after %v: %v", time.Since(start), err)
	if err == nil || !strings.Contains(err.Error(), "removes within") {
		t.Errorf("leave = %v, want an error that says when etcd will do it", err)
	}
	f.etcd.Thaw()
}

func TestHoldGivesUpAndComesBackOnTheSameLease(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	h := NewHolder(connect(t, p.Addr()), "svc", Config{TTL: minTTL})
	_, r := hold(t, h, instance("a"))
	lease := f.lease("a")
	p.Cut()
	keep := run(t, func(ctx context.Context) error { return renewFor(ctx, f.client, lease) })
	start := time.Now()
	err := r.wait()
	t.Logf("gave up after %v: %v", time.Since(start), err)
	if err == nil {
		t.Fatal("Hold = nil without etcd")
	}
	p.Heal()
	held, _ := hold(t, h, instance("a"))
	if got := f.lease("a"); got != lease {
		t.Errorf("registered under lease %x, want still %x", got, lease)
	}
	_ = keep.stop()
	eventually(t, "its own renewals keep it", func() bool {
		ttl, err := f.client.TimeToLive(t.Context(), lease)
		return err == nil && ttl.TTL >= ttl.GrantedTTL-1
	})
	if held.get() != 1 {
		t.Errorf("held was called %d times", held.get())
	}
}

// renewFor keeps a lease alive in its owner's place.
func renewFor(ctx context.Context, c *clientv3.Client, lease clientv3.LeaseID) error {
	for {
		if _, err := c.KeepAliveOnce(ctx, lease); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func TestDeadProcessIsRemovedAfterTTL(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := servers.NewProxy(t, f.etcd.Endpoint())
	dying := NewHolder(connect(t, p.Addr()), "svc", Config{TTL: minTTL})
	hold(t, f.holder, instance("a"))
	hold(t, dying, instance("b"))
	want(t, f.seen, instance("a"), instance("b"))
	p.Cut()
	start := time.Now()
	want(t, f.seen, instance("a"))
	t.Logf("connection lost for ever → gone: %v, with a TTL of %v", time.Since(start), minTTL)
}
