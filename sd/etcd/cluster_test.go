package etcd

import (
	"errors"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

// trio is an etcd of three members.
type trio struct {
	*testing.T

	cluster *servers.TestCluster
	members []*servers.Server
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	c := servers.EtcdCluster(t, 3, servers.Options{})
	return &trio{T: t, cluster: c, members: c.Members()}
}

func (c *trio) follower() int { return (c.cluster.Leader() + 1) % 3 }

// client is one of all members.
func (c *trio) client() *clientv3.Client {
	c.Helper()
	client, err := (Connection{Endpoints: c.cluster.Endpoints()}).Dial(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = client.Close() })
	return client
}

// attached is a client whose connection goes to member i, and to the others
// once that one does not answer: they come later in the list, and only the
// first is up when it connects.
func (c *trio) attached(i int) (*clientv3.Client, *servers.TestProxy) {
	c.Helper()
	rest := servers.NewProxy(c, c.members[(i+1)%3].Endpoint())
	rest.Cut()
	client := connect(c, c.members[i].Endpoint(), func(cfg *clientv3.Config) { cfg.Endpoints = append(cfg.Endpoints, rest.Addr()) })
	eventually(c, "connected", func() bool { return client.ActiveConnection().GetState() == connectivity.Ready })
	return client, rest
}

// A member that hangs takes neither the leases nor the watches of those who
// are attached to it with it, be it the leader or not.
func TestFrozenMemberLosesNothing(t *testing.T) {
	t.Parallel()
	for name, which := range map[string]func(*trio) int{
		"a follower": (*trio).follower,
		"the leader": func(c *trio) int { return c.cluster.Leader() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTrio(t)
			frozen := which(c)
			direct := connect(t, c.members[(frozen+1)%3].Endpoint())
			client, rest := c.attached(frozen)
			held, r := hold(t, NewHolder(client, "svc", Config{TTL: minTTL}), instance("a"))
			w := NewWatcher(client, "svc", Config{})
			w.ask, w.silence = 200*time.Millisecond, 2*time.Second
			i := sd.NewInstancer(w, sd.InstancerConfig{MaxBackoff: time.Second})
			defer i.Stop()
			known(t, i, "a")
			key := keyOf(prefixOf("kitgen", "svc"), "a")
			lease := func() int64 {
				got, err := direct.Get(t.Context(), key)
				if err != nil || len(got.Kvs) == 0 {
					return 0
				}
				return got.Kvs[0].Lease
			}
			before := lease()
			rest.Heal()
			c.members[frozen].Freeze()
			frozenAt := time.Now()
			eventually(t, "somebody joins", func() bool {
				_, err := direct.Put(t.Context(), keyOf(prefixOf("kitgen", "svc"), "b"), "10.0.0.9:80")
				return err == nil
			})
			t.Logf("frozen → written: %v", time.Since(frozenAt))
			known(t, i, "a", "b")
			t.Logf("frozen → seen: %v, with a limit of silence of %v", time.Since(frozenAt), w.silence)
			eventually(t, "frozen for longer than leases last", func() bool { return time.Since(frozenAt) > 2*minTTL })
			if now := lease(); before == 0 || now != before || held.get() != 1 || r.ended() {
				t.Errorf("lease %x became %x; held %d times; ended: %v", before, now, held.get(), r.ended())
			}
			c.members[frozen].Thaw()
			if s, _ := i.Snapshot(); len(s.Instances) != 2 {
				t.Errorf("known: %v", idsOf(s.Instances))
			}
		})
	}
}

// Without a quorum nobody is removed, whoever starts then still learns who was
// there, and all are well when it is back.
func TestQuorumLossHidesNobody(t *testing.T) {
	t.Parallel()
	c := newTrio(t)
	client := c.client()
	for _, id := range []string{"a", "b"} {
		r := sd.NewRegistrar(NewHolder(client, "svc", Config{TTL: minTTL}), instance(id), sd.RegistrarConfig{MaxBackoff: time.Second})
		r.Register()
		t.Cleanup(r.Deregister)
		<-r.Registered()
	}
	i := NewInstancer(client, "svc", Config{Instancer: sd.InstancerConfig{MaxBackoff: time.Second}})
	defer i.Stop()
	known(t, i, "a", "b")
	smallest := smallestOf(t, i)

	c.members[1].Freeze()
	c.members[2].Freeze()
	lost := time.Now()
	target := "etcd://" + c.members[0].Endpoint() + "/svc?max-backoff=1s"
	late, err := sd.Open(target, sd.InstancerConfig{}, Scheme(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer late.Stop()
	known(t, late, "a", "b")
	t.Logf("started without a quorum → knows who was there: %v", time.Since(lost))
	for name, i := range map[string]*sd.Instancer{"one that started late": late, "one that was there": i} {
		eventually(t, name+" says that it may be stale", func() bool { s, _ := i.Snapshot(); return errors.Is(s.Err, ErrStale) })
	}
	s, _ := late.Snapshot()
	t.Logf("it says: %v", s.Err)
	c.members[1].Thaw()
	c.members[2].Thaw()
	back := time.Now()
	for _, i := range []*sd.Instancer{i, late} {
		eventually(t, "all are well", func() bool { s, _ := i.Snapshot(); return s.Err == nil && s.Held == 0 && len(s.Instances) == 2 })
	}
	t.Logf("quorum is back → all well: %v", time.Since(back))
	if n := smallest(); n < 2 {
		t.Errorf("it published a set of %d", n)
	}
}

// smallestOf follows i; the function returned says how small its set has been.
func smallestOf(t *testing.T, i *sd.Instancer) func() int {
	least := 1 << 30
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			s, changed := i.Snapshot()
			least = min(least, len(s.Instances))
			select {
			case <-changed:
			case <-stop:
				return
			}
		}
	}()
	ended := false
	end := func() int {
		if !ended {
			ended = true
			close(stop)
		}
		<-done
		return least
	}
	t.Cleanup(func() { end() })
	return end
}
