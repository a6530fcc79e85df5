package servers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// clusterLife takes three servers through what a test may do to one of them.
func clusterLife(t *testing.T, c *TestCluster) {
	t.Helper()
	members, endpoints := c.Members(), c.Endpoints()
	if len(members) != 3 || len(endpoints) != 3 || slices.Contains(endpoints[1:], endpoints[0]) {
		t.Fatalf("members = %v at %v; want three at three places", members, endpoints)
	}
	first := c.Leader()
	members[first].Kill()
	wantRefused(t, endpoints[first])
	second := c.Leader()
	if second == first {
		t.Fatalf("the leader is %d, who is dead", second)
	}
	members[first].Start()
	members[second].Freeze()
	third := c.Leader()
	if third == second {
		t.Fatalf("the leader is %d, who is frozen", third)
	}
	members[second].Thaw()
	c.Leader()

	// Two are down: the last one follows nobody.
	for i, m := range members {
		if i != third {
			m.Stop()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if i, err := c.cluster.Leader(ctx); !errors.Is(err, ErrNoLeader) || !errors.Is(err, context.Canceled) {
		t.Errorf("Leader without a majority = %d, %v; want ErrNoLeader and the context's", i, err)
	}
	members[third].Kill()
	for _, m := range members { // the first of them finds nobody, and starts all the same
		m.Start()
	}
	c.Leader()
	if !slices.Equal(c.Endpoints(), endpoints) {
		t.Errorf("endpoints = %v; want %v as before", c.Endpoints(), endpoints)
	}
}

func TestEtcdCluster(t *testing.T) {
	t.Parallel()
	clusterLife(t, EtcdCluster(t, 3, Options{Etcd: EtcdOptions{RootPassword: "secret"}}))
}

func TestConsulCluster(t *testing.T) {
	t.Parallel()
	opts := Options{Consul: ConsulOptions{ManagementToken: "11111111-2222-4333-8444-555555555555"}}
	c := ConsulCluster(t, 3, opts)
	agent := ConsulAgent(t, c, opts)
	clusterLife(t, c)
	// It has seen them fail, and takes its time to believe in them again.
	if err := agent.process.settle(t.Context()); err != nil {
		t.Errorf("the agent, after its servers came back: %v", err)
	}
}

// TestConsulClusterTakesAWipedServerBack also does it while the others are
// busy with its old self.
func TestConsulClusterTakesAWipedServerBack(t *testing.T) {
	t.Parallel()
	c := ConsulCluster(t, 3, Options{})
	one := c.Members()[(c.Leader()+1)%3]
	one.Wipe()
	one.Start()
	c.Leader()
	if err := one.process.settle(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEtcdClusterTLS(t *testing.T) {
	t.Parallel()
	c := EtcdCluster(t, 3, Options{TLS: &TLS{CA: newCA(t), VerifyClients: true}})
	c.Members()[c.Leader()].Kill()
	c.Leader()
}

func TestClusterOfOne(t *testing.T) {
	t.Parallel()
	if _, err := StartEtcdCluster(t.Context(), 1, Options{}); err == nil || !strings.Contains(err.Error(), "start one alone") {
		t.Errorf("StartEtcdCluster of one = %v; want what to do instead", err)
	}
}

func TestAgreed(t *testing.T) {
	t.Parallel()
	down := view{err: errors.New("down")}
	for name, tt := range map[string]struct {
		views []view
		want  int
		ok    bool
	}{
		"all":                    {[]view{{self: "a", leader: "b"}, {self: "b", leader: "b"}, {self: "c", leader: "b"}}, 1, true},
		"one is down":            {[]view{{self: "a", leader: "a"}, down, {self: "c", leader: "a"}}, 0, true},
		"the leader is down":     {[]view{{self: "a", leader: "b"}, down, {self: "c", leader: "b"}}, -1, false},
		"most are down":          {[]view{{self: "a", leader: "a"}, down, down}, 0, false},
		"two opinions":           {[]view{{self: "a", leader: "a"}, {self: "b", leader: "b"}, {self: "c", leader: "b"}}, -1, false},
		"no leader":              {[]view{{self: "a"}, {self: "b"}, {self: "c"}}, -1, false},
		"half of an even number": {[]view{{self: "a", leader: "a"}, {self: "b", leader: "a"}, down, down}, 0, false},
	} {
		if i, ok := agreed(tt.views); i != tt.want || ok != tt.ok {
			t.Errorf("%s: agreed = %d, %t; want %d, %t", name, i, ok, tt.want, tt.ok)
		}
	}
}
